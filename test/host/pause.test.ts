import { expect, test } from "vitest";
import type { Host } from "../../src/host/context.ts";
import { holdReason } from "../../src/host/jobs/hold-reason.ts";
import { unit } from "../../src/host/kinds/unit.ts";
import { unitsToStart } from "../../src/host/reconcile/apply-changes.ts";
import type { RequestContext } from "../../src/host/request-context.ts";
import { parkUnit, pauseUnit } from "../../src/host/units/pause.ts";
import { quarantine, readPause, readQuarantine } from "../../src/host/units/quarantine.ts";
import type { UnitItem } from "../../src/model/items.ts";
import { makeWorld } from "./world.ts";

const UNIT = "muster-agent-iris.service";

const ITEM: UnitItem = {
  ...{ kind: "unit", name: UNIT },
  want: { enabled: "enabled", active: "running", overrides: "none" },
};

/**
 * Returns a host whose systemd reports that the agent's unit is enabled and stopped. The host records the programs that
 * are called.
 */
function stoppedAgent() {
  const world = makeWorld();
  const calls: string[] = [];
  const host: Host = {
    ...world.host,
    run: (program, args) => {
      if (args[0] !== "show" && args[0] !== "list-unit-files") calls.push(`${program} ${args.join(" ")}`);
      const states = { LoadState: "loaded", ActiveState: "inactive", SubState: "dead", Result: "success" };
      const text = Object.entries(states)
        .map((entry) => entry.join("="))
        .join("\n");
      return { status: 0, stdout: args[0] === "list-unit-files" ? `${UNIT} enabled\n` : text, stderr: "" };
    },
  };
  return { host, calls, context: { host } as RequestContext };
}

const observe = (context: RequestContext) =>
  unit.observe(context, [{ name: "unit", item: ITEM } as never])[0] as {
    props: object;
    warning?: string;
    refusal?: object;
  };

test("a paused agent is not drift, and `up` reports who has paused it", () => {
  const { host, context } = stoppedAgent();
  expect(observe(context).props).toMatchObject({ active: "stopped" });
  pauseUnit(host, UNIT, "alice@desk", new Date("2026-11-30T12:00:00Z"));
  const observation = observe(context);
  expect(observation.props).toEqual({ enabled: "enabled", active: "running", overrides: "none" });
  expect(observation.warning).toBe(
    "iris was paused by alice@desk at 2026-11-30T12:00:00.000Z, so `up` does not start it; `npx fleet resume iris` does.",
  );
  expect(observation.refusal).toBeUndefined();
});

test("`up` does not start a paused agent, even if its unit must be enabled again", () => {
  const { host, calls, context } = stoppedAgent();
  pauseUnit(host, UNIT, "alice@desk");
  unit.converge(context, { name: "unit", item: ITEM } as never, {}, () => undefined);
  expect(calls).toEqual([]);
  expect(unitsToStart(host, { unit: ITEM }, {}, undefined, ["unit"])).toEqual([]);
});

test("a parked agent is not drift, and `up` reports why it does not start the agent", () => {
  const { host, calls, context } = stoppedAgent();
  const park = { account: "research", kind: "window", until: "2026-12-01T15:00:00.000Z" } as const;
  parkUnit(host, UNIT, park, "the account research has no more", new Date("2026-12-01T12:00:00Z"));
  const observation = observe(context);
  expect(observation.props).toMatchObject({ active: "running" });
  expect(observation.warning).toBe(
    "iris has been parked since 2026-12-01T12:00:00.000Z: the account research has no more; so `up` does not start it; `npx fleet resume iris` does.",
  );
  unit.converge(context, { name: "unit", item: ITEM } as never, {}, () => undefined);
  expect(calls).toEqual([]);
  expect(holdReason(host, { job: "retro", agent: "iris" })).toBe("iris is parked");
  expect(readPause(host, UNIT)).toMatchObject({ park, reason: "the account research has no more" });
});

test("a pause replaces a quarantine, and an earlier version of the deadman treats the pause as a quarantine", () => {
  const { host } = stoppedAgent();
  quarantine(host, UNIT, "5 restarts within 60 min");
  expect(readPause(host, UNIT)).toBeUndefined();
  pauseUnit(host, UNIT, "alice@desk");
  expect(readQuarantine(host, UNIT)).toBeUndefined();
  expect(readPause(host, UNIT)?.by).toBe("alice@desk");
});
