import { describe, expect, test } from "vitest";
import { unitProps } from "../../src/host/kinds/unit-props.ts";
import { unitStatus } from "../../src/host/reports/ps.ts";
import { overridesOf } from "../../src/host/units/manual-overrides.ts";
import { parseShow } from "../../src/host/units/systemctl.ts";

const UNIT = "muster-agent-iris.service";

/** The output of systemd 252 for a running unit and for an unknown unit. */
const SHOWN = `MainPID=417
NRestarts=2
StatusText=awake = yes
LoadState=loaded
ActiveState=active
SubState=running
DropInPaths=/etc/systemd/system/muster-agent-iris.service.d/override.conf /usr/lib/systemd/system/service.d/10-timeout-abort.conf
UnitFileState=enabled
StateChangeTimestampMonotonic=5000000

MainPID=0
NRestarts=0
StatusText=
LoadState=not-found
ActiveState=inactive
SubState=dead
DropInPaths=
UnitFileState=
StateChangeTimestampMonotonic=0
`;

describe("the output of `systemctl show`", () => {
  const [running = {}, unknown = {}] = parseShow(SHOWN);

  test("is parsed as one block per unit, and its values can contain equal signs", () => {
    expect(running["StatusText"]).toBe("awake = yes");
    expect(parseShow(SHOWN)).toHaveLength(2);
  });

  test("becomes a row of `fleet ps`", () => {
    expect(unitStatus(UNIT, running, 12_000_000)).toEqual({
      unit: UNIT,
      state: "active",
      sub: "running",
      enabled: "enabled",
      pid: 417,
      restarts: 2,
      since: 7,
      status: "awake = yes",
    });
    expect(unitStatus(UNIT, unknown, 12_000_000)).toMatchObject({ state: "absent", pid: 0, since: 0 });
  });

  test.each([
    ["active", "running"],
    ["activating", "running"],
    ["reloading", "running"],
    ["inactive", "stopped"],
    ["failed", "stopped"],
    ["deactivating", "stopped"],
  ])("shows the state %s as %s", (state, active) => {
    expect(unitProps(UNIT, { ...running, ActiveState: state })).toMatchObject({ active });
  });

  test("shows a unit as running if it ends by itself and restarts, and as stopped if somebody stops it", () => {
    const ends = { ...running, ActiveState: "deactivating", Restart: "always" };
    expect(unitProps(UNIT, ends)).toMatchObject({ active: "running" });
    expect(unitProps(UNIT, { ...ends, Job: "417" })).toMatchObject({ active: "stopped" });
    expect(unitProps(UNIT, { ...ends, Restart: "no" })).toMatchObject({ active: "stopped" });
  });

  test("shows whether a unit is masked or missing", () => {
    expect(unitProps(UNIT, { ...running, LoadState: "masked", UnitFileState: "masked" }).enabled).toBe(
      "masked",
    );
    expect(unitProps(UNIT, unknown)).toEqual({ enabled: "absent", active: "stopped", overrides: "none" });
  });

  test("shows a unit as quarantined if it is in quarantine, in any state", () => {
    expect(unitProps(UNIT, running, true)).toMatchObject({ enabled: "enabled", active: "quarantined" });
  });

  test("lists drop-ins that somebody has created, but not those that a distribution ships", () => {
    expect(overridesOf(UNIT, running)).toEqual([`/etc/systemd/system/${UNIT}.d/override.conf`]);
  });
});
