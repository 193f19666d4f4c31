import { describe, expect, test } from "vitest";
import type { HostRecord } from "../../src/model/host-record.ts";
import type { FileItem, HostItem, Items } from "../../src/model/items.ts";
import { type ObserveAnswer, PROTOCOL, type Request, type RequestFrame } from "../../src/model/protocol.ts";
import type { Channel } from "../../src/transport/channel.ts";
import { openSession } from "../../src/transport/session.ts";
import { targetOf } from "../fixtures/target.ts";

/** Opens a session with a fake host that answers immediately, and records the host's requests. */
function sessionWith(protocol: number, answerTo: (request: Request) => object) {
  const requests: Request[] = [];
  let answerLine = (_line: string): void => undefined;
  const channel: Channel = {
    onLine: (handler) => {
      answerLine = handler;
    },
    write: (text) => {
      const { seq, request } = JSON.parse(text) as RequestFrame;
      requests.push(request);
      answerLine(JSON.stringify({ seq, ...answerTo(request) }));
    },
    send: async () => undefined,
    close: async () => undefined,
    kill: () => undefined,
    ended: new Promise(() => undefined),
  };
  const hello = { protocol, bundle: "b", node: "24", arch: "x64" };
  return { ...openSession(channel, targetOf(), hello), requests };
}

const SOUL: FileItem = {
  kind: "file",
  path: "/home/iris/SOUL.md",
  want: { type: "file", content: "sha256:a", owner: "iris", group: "arc", mode: "0600" },
};
const UNIT: HostItem = {
  kind: "unit",
  name: "muster-agent-iris.service",
  want: { enabled: "enabled", active: "running", overrides: "none" },
};
const ID = "hub/iris/agent";
const AGENT: Items = { "identity:SOUL.md": SOUL, "unit:unit": UNIT };
const PARTS = ["identity", "credentials", "contacts", "unit", "jobs"].map((part) => `hub/iris/${part}`);
const HOST: Items = { tmux: { kind: "package", name: "tmux", want: { present: true } } };

/**
 * Returns the reply of a host with protocol 1. The host has a resource for each part of Iris, and unapplied contacts.
 */
function former(): ObserveAnswer {
  const recordOf = (id: string, type: string, items: Items, more: Partial<HostRecord> = {}): HostRecord => ({
    ...{ id, type, owner: "fleet/dev", items },
    ...more,
  });
  const wants = (items: Items) =>
    Object.fromEntries(Object.entries(items).map(([name, { want }]) => [name, { ...want }]));
  const [identity, unit] = [{ "SOUL.md": SOUL }, { unit: UNIT }];
  return {
    resources: {
      "hub/host": { items: HOST, observed: { tmux: { props: { present: true } } } },
      "hub/iris/identity": {
        items: identity,
        observed: { "SOUL.md": { props: { ...SOUL.want, mode: "0666" } } },
        record: recordOf("hub/iris/identity", "Identity", identity, { applied: wants(identity) }),
      },
      "hub/iris/contacts": { items: {}, observed: {}, unapplied: ["contacts.db"] },
      "hub/iris/unit": {
        items: unit,
        observed: { unit: { props: { ...UNIT.want } } },
        record: recordOf("hub/iris/unit", "AgentUnit", unit, { intended: wants(unit) }),
      },
    },
    recorded: ["hub/host", "hub/iris/identity", "hub/iris/unit"].map((id) => ({ id, owner: "fleet/dev" })),
  };
}

/** An item of a kind that was introduced in protocol 3. */
const RIGHTS: HostItem = {
  kind: "rights",
  user: "iris",
  home: "/home/iris",
  want: { sudo: "none", keys: "none", linger: false, files: "none" },
};

describe("a host that uses protocol version 2", () => {
  test("is not queried about items that it does not know, and these items count as not applied", async () => {
    const answer: ObserveAnswer = {
      resources: { [ID]: { items: AGENT, observed: {} } },
      recorded: [{ id: ID, owner: "fleet/dev" }],
    };
    const { request, requests } = sessionWith(2, () => ({ answer }));
    const resources = [{ id: ID, items: { ...AGENT, "identity:rights of iris": RIGHTS } }];
    const { resources: seen } = await request({ op: "observe", owner: "fleet/dev", resources });
    expect(requests).toEqual([{ op: "observe", owner: "fleet/dev", resources: [{ id: ID, items: AGENT }] }]);
    expect(seen[ID]?.unapplied).toEqual(["identity:rights of iris"]);
  });

  test("is not asked to remove items that it does not know", async () => {
    const { request, requests } = sessionWith(2, () => ({ answer: { aside: [] } }));
    await request({ op: "remove", owner: "fleet/dev", id: ID, items: { ...AGENT, rights: RIGHTS } });
    expect(requests).toEqual([{ op: "remove", owner: "fleet/dev", id: ID, items: AGENT }]);
  });
});

describe("a host that uses protocol version 1", () => {
  test("gets one request for each part of an agent, and unchanged requests for all other resources", async () => {
    const { request, requests } = sessionWith(1, () => ({ answer: former() }));
    const resources = [
      { id: "hub/host", items: HOST },
      { id: ID, items: AGENT },
    ];
    await request({ op: "observe", owner: "fleet/dev", resources });
    expect(requests).toEqual([
      {
        op: "observe",
        owner: "fleet/dev",
        resources: [
          { id: "hub/host", items: HOST },
          { id: PARTS[0], items: { "SOUL.md": SOUL } },
          { id: PARTS[1], items: {} },
          { id: PARTS[2], items: {} },
          { id: PARTS[3], items: { unit: UNIT } },
          { id: PARTS[4], items: {} },
        ],
      },
    ]);
  });

  test("gets an unchanged request if the request concerns all resources", async () => {
    const { request, requests } = sessionWith(1, () => ({ answer: former() }));
    await request({ op: "observe", owner: "fleet/dev" });
    expect(requests).toEqual([{ op: "observe", owner: "fleet/dev" }]);
  });

  test("returns an agent's parts as one resource", async () => {
    const { request } = sessionWith(1, () => ({ answer: former() }));
    const { resources, recorded } = await request({ op: "observe", owner: "fleet/dev" });
    expect(Object.keys(resources)).toEqual(["hub/host", ID]);
    expect(resources["hub/host"]).toEqual(former().resources["hub/host"]);
    expect(resources[ID]).toEqual({
      items: AGENT,
      observed: {
        "identity:SOUL.md": { props: { ...SOUL.want, mode: "0666" } },
        "unit:unit": { props: UNIT.want },
      },
      record: {
        ...{ id: ID, type: "Agent", owner: "fleet/dev", items: AGENT },
        applied: { "identity:SOUL.md": SOUL.want },
        intended: { "unit:unit": UNIT.want },
      },
      unapplied: ["contacts:contacts.db"],
    });
    expect(recorded).toEqual(["hub/host", ID].map((id) => ({ id, owner: "fleet/dev" })));
  });

  test("removes an agent's parts in reverse order, and lists everything that it keeps", async () => {
    const { request, requests } = sessionWith(1, (asked) => ({
      answer: { aside: "id" in asked && asked.id.endsWith("identity") ? ["/aside/iris"] : [] },
    }));
    const removal = { op: "remove", owner: "fleet/dev" } as const;
    expect(await request({ ...removal, id: ID, items: AGENT })).toEqual({ aside: ["/aside/iris"] });
    expect(requests).toEqual([
      { ...removal, id: PARTS[4], items: {} },
      { ...removal, id: PARTS[3], items: { unit: UNIT } },
      { ...removal, id: PARTS[2], items: {} },
      { ...removal, id: PARTS[1], items: {} },
      { ...removal, id: PARTS[0], items: { "SOUL.md": SOUL } },
    ]);
  });

  test("keeps the remaining parts if it cannot remove a part", async () => {
    const { request, requests } = sessionWith(1, (asked) =>
      "id" in asked && asked.id.endsWith("unit")
        ? { error: { what: "the unit", why: "it does not stop" } }
        : { answer: { aside: [] } },
    );
    const removal = { op: "remove", owner: "fleet/dev", id: ID, items: AGENT } as const;
    await expect(request(removal)).rejects.toThrow("hub: the unit: it does not stop");
    expect(requests).toMatchObject([{ id: PARTS[4] }, { id: PARTS[3] }]);
  });

  test.each<Request>([
    { op: "remove", owner: "fleet/dev", id: "hub/host", items: HOST },
    { op: "ps", units: ["muster-agent-iris.service"] },
    { op: "control", verb: "stop", agent: "iris", unit: "muster-agent-iris.service", by: "x" },
  ])("gets an unchanged request if the request concerns no agent's parts: $op", async (asked) => {
    const { request, requests } = sessionWith(1, () => ({ answer: { aside: [] } }));
    await request(asked);
    expect(requests).toEqual([asked]);
  });
});

test("a host with the current protocol version gets unchanged requests about agents", async () => {
  const answer = { resources: { [ID]: { items: AGENT, observed: {} } }, recorded: [] };
  const { request, requests } = sessionWith(PROTOCOL, () => ({ answer }));
  const asked = { op: "observe", resources: [{ id: ID, items: AGENT }] } as const;
  expect(await request(asked)).toEqual(answer);
  expect(requests).toEqual([asked]);
});
