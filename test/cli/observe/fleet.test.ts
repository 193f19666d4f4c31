import { describe, expect, test } from "vitest";
import { observeFleet } from "../../../src/cli/observe/fleet.ts";
import type { OpenHost } from "../../../src/cli/query-host.ts";
import { compilePlan } from "../../../src/resources/index.ts";
import { HostError, RuntimeError } from "../../../src/transport/host-error.ts";
import { agent, fleetOf } from "../../fixtures/fleet.ts";
import { type Changes, readerOf } from "../support/answers.ts";

const fleet = fleetOf(agent(), agent({ name: "loom", user: "loom", host: "east", tenant: "lab" }));
const plan = compilePlan(fleet, { bundle: "b", node: "n" });

const unreachable = new HostError({
  ...{ host: "east", reason: "timeout", what: "it cannot be reached", why: "no answer." },
});

/** Opens hosts by name: with the given changes, or with an error instead of a connection. */
function hosts(named: Readonly<Record<string, Error | Changes>>): OpenHost {
  return async (name) => {
    const host = named[name] ?? {};
    if (host instanceof Error) throw host;
    return readerOf(name, host).reader;
  };
}

describe("an observation of a fleet", () => {
  test("finds no drift if nothing has changed", async () => {
    const report = await observeFleet(fleet, plan, {}, hosts({}));
    expect(report).toMatchObject({ agents: 2, findings: [], unknown: [], orphans: [] });
    expect(report.hosts).toEqual([
      { host: "hub", state: "ok" },
      { host: "east", state: "ok" },
    ]);
  });

  test("reports the host, tenant, agent, item and property of a change", async () => {
    const soul = { type: "file", content: "sha256:0", owner: "iris", group: "arc", mode: "0666" };
    const open = hosts({ hub: { "hub/iris/agent/identity:SOUL.md": { props: soul } } });
    const { findings } = await observeFleet(fleet, plan, {}, open);
    const place = { host: "hub", tenant: "arc", agent: "iris", resource: "hub/iris/agent" };
    expect(findings).toMatchObject([
      { ...place, type: "Agent", part: "identity", item: "SOUL.md", property: "content", cause: "drift" },
      { ...place, property: "mode", declared: "0640", observed: "0666", cause: "drift" },
    ]);
  });

  test("adds the mark BOOT-ENABLE to a unit that would not start at boot", async () => {
    const want = plan.declarations.find(({ id }) => id === "hub/iris/agent")?.items["unit:unit"]?.want;
    const open = hosts({ hub: { "hub/iris/agent/unit:unit": { props: { ...want, enabled: "disabled" } } } });
    const { findings } = await observeFleet(fleet, plan, {}, open);
    expect(findings).toMatchObject([{ item: "unit", property: "enabled", kind: "BOOT-ENABLE" }]);
  });

  test("reports an unreachable host, and still observes all reachable hosts", async () => {
    const report = await observeFleet(fleet, plan, {}, hosts({ east: unreachable }));
    expect(report.hosts).toEqual([
      { host: "hub", state: "ok" },
      { host: "east", state: "away", reason: "it cannot be reached: no answer." },
    ]);
    expect(report.findings).toEqual([]);
  });

  test("distinguishes a host without the host runtime from a host with a runtime that is too old", async () => {
    const of = (reason: "nothing-installed" | "too-old") =>
      new RuntimeError({ host: "x", reason, what: "it cannot be queried", why: "its runtime." });
    const open = hosts({ hub: of("nothing-installed"), east: of("too-old") });
    const report = await observeFleet(fleet, plan, {}, open);
    expect(report.hosts.map((host) => host.state)).toEqual(["empty", "failed"]);
  });

  test("lists each item that a host could not observe, with the reason", async () => {
    const open = hosts({ hub: { "hub/iris/agent/identity:SOUL.md": { unknown: "permission denied" } } });
    const { unknown, findings } = await observeFleet(fleet, plan, {}, open);
    expect(unknown).toMatchObject([
      { agent: "iris", part: "identity", item: "SOUL.md", reason: "permission denied" },
    ]);
    expect(findings).toEqual([]);
  });

  test("lists undeclared records even if only one tenant is selected", async () => {
    const open: OpenHost = async (name) => readerOf(name, {}, ["hub/gone/agent"]).reader;
    const { orphans } = await observeFleet(fleet, plan, { tenant: "arc" }, open);
    expect(orphans).toEqual([{ host: "hub", resource: "hub/gone/agent", owner: "arc/example" }]);
  });

  test("queries each host only once, and sends each host only that host's resources and rows", async () => {
    const hub = readerOf("hub");
    const east = readerOf("east");
    await observeFleet(fleet, plan, {}, async (name) => (name === "hub" ? hub : east).reader);
    expect([hub.requests.length, east.requests.length]).toEqual([1, 1]);
    const ids = hub.requests[0]?.resources?.map((one) => one.id) ?? [];
    expect(ids).toEqual(["hub/host", "hub/tenant-arc", "hub/iris/agent"]);
    expect(Object.values(hub.requests[0]?.contents ?? {})).toEqual(['{"iris":{"display_name":"iris"}}']);
  });

  test("observes only the selected host or tenant", async () => {
    const one = await observeFleet(fleet, plan, { host: "east" }, hosts({}));
    expect(one.hosts.map((host) => host.host)).toEqual(["east"]);
    const other = await observeFleet(fleet, plan, { tenant: "arc" }, hosts({}));
    expect(other).toMatchObject({ agents: 1, hosts: [{ host: "hub" }] });
  });

  test("reports a rename's effects as intended, and reports no undeclared record", async () => {
    const renamed = compilePlan(fleetOf(agent({ formerly: ["vera"] })), { bundle: "b", node: "n" });
    const absent = { props: { type: "absent" } };
    const { reader } = readerOf("hub", { "hub/iris/agent/identity:/home/iris": absent }, ["hub/vera/agent"]);
    const without = async (request: Parameters<typeof reader.observe>[0]) => {
      const answer = await reader.observe(request);
      return { ...answer, recorded: answer.recorded.filter(({ id }) => !id.startsWith("hub/iris/")) };
    };
    const report = await observeFleet(fleet, renamed, {}, async () => ({ ...reader, observe: without }));
    expect(report.findings).toMatchObject([{ item: "/home/iris", property: "type", cause: "intended" }]);
    expect(report.orphans).toEqual([]);
  });
});
