import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PREFLIGHT_TOKEN } from "../../src/model/preflight.ts";
import type { RecurrencePolicy } from "../../src/model/recurrence.ts";
import {
  AGENT,
  changed,
  HOME,
  ID,
  inputsOf,
  iris,
  makeRig,
  RECURRENCE,
  type Rig,
  SOUL,
  urnOf,
} from "./rig.ts";

const OWNER = "fleet/dev";
const HOST = urnOf("Host", "hub/host");
const host = inputsOf("hub/host", { runtime: { kind: "runtime", want: { bundle: "b", node: "24" } } });

let rig: Rig;
beforeEach(async () => {
  rig = await makeRig();
});
afterEach(() => rig.stop());

const declare = (...names: { name: string; host?: string; formerly?: string[] }[]) =>
  rig.engine.invoke(PREFLIGHT_TOKEN, {
    recurrence: RECURRENCE,
    owner: OWNER,
    declared: names.map(({ name, host = "hub", formerly = [] }) => ({ name, host, formerly })),
  });
const messages = () => rig.engine.messages.map(({ message }) => message);

/** Creates a host and an agent, and reads both, as the engine does with resources in its state. */
async function withState(): Promise<void> {
  await rig.engine.create(HOST, host);
  await rig.engine.create(AGENT, iris);
  await rig.engine.read(HOST, "hub/host", { inputs: host, state: host });
  await rig.engine.read(AGENT, ID, { inputs: iris, state: iris });
}

describe("the preflight of a run", () => {
  it("reports nothing if everything in the state is still declared", async () => {
    await withState();
    expect(await declare({ name: "hub/host" }, { name: ID })).toEqual({
      unclaimed: [],
      moves: {},
      newcomers: [],
    });
    expect(messages()).toEqual([]);
  });

  it("reports each agent that is no longer declared, and reports it only once", async () => {
    await withState();
    await declare({ name: "hub/host" });
    expect(messages()).toEqual([
      "hub: iris is not in fleet.yaml any more: `up` moves its home /home/iris aside to /var/lib/muster-aside.",
    ]);
  });

  it("reports nothing if only an agent's account is no longer declared", async () => {
    const account = inputsOf("hub/iris/account", { home: HOME });
    const ACCOUNT = urnOf("Account", "hub/iris/account");
    await withState();
    await rig.engine.create(ACCOUNT, account);
    await rig.engine.read(ACCOUNT, "hub/iris/account", { inputs: account, state: account });
    await declare({ name: "hub/host" }, { name: ID });
    expect(messages()).toEqual([]);
  });

  it("reports the jobs of a removed agent, but not a job that was removed while its agent remains", async () => {
    const want = { enabled: "enabled", active: "running", overrides: "none" } as const;
    const timer = { kind: "timer", name: "a.timer", service: "a.service", schedule: "daily", want } as const;
    await withState();
    for (const [type, id, items] of [
      ["Agent", ID, { "SOUL.md": SOUL, home: HOME, "jobs:retro": timer }],
      ["HostJobs", "hub/jobs", { tidy: { ...timer, name: "b.timer" } }],
    ] as const) {
      const inputs = inputsOf(id, items);
      await rig.engine.create(urnOf(type, id), inputs);
      await rig.engine.read(urnOf(type, id), id, { inputs, state: inputs });
    }
    await declare({ name: "hub/host" }, { name: ID });
    expect(messages()).toEqual([]);
    await declare({ name: "hub/host" });
    expect(messages()).toEqual([
      "hub: iris is not in fleet.yaml any more: `up` removes its jobs and moves its home /home/iris aside to /var/lib/muster-aside.",
    ]);
  });

  it("reports a rename as a rename and not as a removal", async () => {
    await withState();
    const { unclaimed } = await declare({ name: "hub/host" }, { name: "hub/vera/agent", formerly: [ID] });
    expect(unclaimed).toEqual([]);
    expect(messages()).toEqual([
      "hub: iris becomes vera: `up` stops it, renames its user and its home with everything in it, and its crontab and linger if it has them, and starts it again.",
    ]);
  });

  it("reports what is needed to remove a protected agent", async () => {
    await rig.engine.read(AGENT, ID, { inputs: { ...iris, protect: true }, state: iris });
    await declare({ name: "hub/host" });
    expect(messages()).toEqual([
      "hub: iris is not in fleet.yaml any more, and is protected: nothing is removed. To remove it, declare it " +
        "again with `protect: false`, run `npx pulumi up`, and then remove it from fleet.yaml.",
    ]);
  });

  it("returns the undeclared records of a host in the order of removal", async () => {
    await rig.engine.create(HOST, host);
    await rig.engine.create(urnOf("Account", "hub/old/account"), inputsOf("hub/old/account", { home: HOME }));
    await rig.engine.create(urnOf("Agent", "hub/old/agent"), inputsOf("hub/old/agent", { "SOUL.md": SOUL }));
    expect((await declare({ name: "hub/host" }))["unclaimed"]).toEqual([
      { id: "hub/old/agent", host: "hub", addresses: ["/home/iris/SOUL.md"] },
      { id: "hub/old/account", host: "hub", addresses: ["/home/iris"] },
    ]);
  });

  it("does not contact a host that the run does not include", async () => {
    await rig.engine.create(HOST, host);
    await rig.engine.read(urnOf("Agent", "edge/ada/agent"), "edge/ada/agent", {
      inputs: inputsOf("edge/ada/agent", { home: HOME }, "edge"),
      state: {},
    });
    rig.hosts.hub.requests.length = 0;
    await declare({ name: "hub/host" });
    expect(rig.hosts.hub.requests).toEqual([]);
  });
});

describe("records of undeclared resources", () => {
  it("are reported as a change of their Host, because an update of the Host removes them", async () => {
    await rig.engine.create(HOST, host);
    await rig.engine.create(AGENT, iris);
    const news = { ...host, orphans: [ID] };
    await rig.engine.check(HOST, news);
    expect(await rig.engine.diff(HOST, host, news)).toEqual({ orphans: "add" });
    expect(messages()[0]).toContain("hub: iris is left over, and is in neither fleet.yaml nor the state");
    const { state } = await rig.engine.update(HOST, host, news);
    expect(state).toEqual(host);
    expect([...rig.hosts.hub.records.keys()]).toEqual(["hub/host"]);
  });
});

describe("a recurring finding", () => {
  const day = (number: number) => `2026-11-0${number}T02:14:00.000Z`;
  const repair = {
    id: "3f2a91bc",
    resource: ID,
    item: "identity:SOUL.md",
    property: "content",
    repairs: [day(1), day(2), day(3)],
    declared: "I am Iris.",
    observed: "I am Arc.",
    writer: { time: day(3), owner: "iris", ran: ["fleet-self-sync.service"] },
  };
  const declareWith = (recurrence: RecurrencePolicy) =>
    rig.engine.invoke(PREFLIGHT_TOKEN, {
      owner: OWNER,
      declared: ["hub/host", ID].map((name) => ({ name, host: "hub", formerly: [] })),
      recurrence,
    });

  it("is reported once in each preview with its probable writer and the next step", async () => {
    rig.hosts.hub.repeated = [repair];
    await withState();
    await declareWith(RECURRENCE);
    expect(messages()).toEqual([
      'hub: iris: SOUL.md: content has been repaired 3 times since 2026-11-01T02:14:00Z, and the cause is still there. It was last written at 2026-11-03T02:14:00Z and belonged to iris; probable writer, because it ran at that time: fleet-self-sync.service. Find what changes it, then close the finding with `npx fleet resolve 3f2a91bc --why "…"`.',
    ]);
  });

  it("is not reported if the repairs were further apart than declared", async () => {
    rig.hosts.hub.repeated = [repair];
    await withState();
    await declareWith({ ...RECURRENCE, within: 86_400 });
    expect(messages()).toEqual([]);
  });

  it("refuses changes of its resource with `onRecurrence: block`, and no change of another resource", async () => {
    rig.hosts.hub.repeated = [repair];
    await withState();
    await declareWith({ ...RECURRENCE, onRecurrence: "block" });
    const next = changed(iris, "SOUL.md", { mode: "0600" });
    await expect(rig.engine.update(AGENT, iris, next)).rejects.toThrow(
      /hub\/iris\/agent was not changed.*fleet resolve 3f2a91bc/s,
    );
    await expect(rig.engine.update(HOST, host, host)).resolves.toBeDefined();
  });
});
