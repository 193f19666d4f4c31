import { describe, expect, test } from "vitest";
import type { HostRecord } from "../../src/model/host-record.ts";
import { mergeRecords } from "../../src/model/legacy-agent-parts.ts";

/** Returns a record of a part of iris as an earlier version wrote it. */
function former(part: string, more: Partial<HostRecord> = {}): HostRecord {
  const item = {
    kind: "directory",
    path: `/${part}`,
    want: { type: "directory", owner: "a", group: "a", mode: "0700" },
  } as const;
  const rest = {
    type: "Identity",
    owner: "fleet/dev",
    items: { [part]: item },
    applied: { [part]: item.want },
  };
  return { id: `hub/iris/${part}`, ...rest, ...more };
}

describe("former records of an agent's parts", () => {
  test("are merged into one record with all of their contents", () => {
    const restart = ["muster-agent-iris.service"];
    const [merged, ...more] = mergeRecords([former("unit", { restart }), former("identity")]);
    expect(more).toEqual([]);
    expect(merged).toMatchObject({ id: "hub/iris/agent", type: "Agent", owner: "fleet/dev", restart });
    expect(Object.keys(merged?.items ?? {}).sort()).toEqual(["identity:identity", "unit:unit"]);
    expect(Object.keys(merged?.applied ?? {}).sort()).toEqual(["identity:identity", "unit:unit"]);
  });

  test("are merged separately for each owner and agent", () => {
    const records = [
      former("identity"),
      former("identity", { owner: "fleet/other" }),
      former("identity", { id: "hub/loom/identity" }),
      former("unit"),
    ];
    expect(mergeRecords(records).map(({ id, owner }) => [id, owner])).toEqual([
      ["hub/iris/agent", "fleet/dev"],
      ["hub/iris/agent", "fleet/other"],
      ["hub/loom/agent", "fleet/dev"],
    ]);
  });

  test("count as created by a tenant's login only if that login created all of them", () => {
    const gate = "muster-tenant-arc";
    expect(mergeRecords([former("identity", { gate }), former("unit", { gate })])).toMatchObject([{ gate }]);
    expect(mergeRecords([former("identity"), former("unit", { gate })])[0]).not.toHaveProperty("gate");
  });

  test("are merged without a change to the records of other resources", () => {
    const host = { id: "hub/host", type: "Host", owner: "fleet/dev", items: {}, applied: {} };
    const account = { ...host, id: "hub/iris/account", type: "Account" };
    expect(mergeRecords([host, former("jobs"), account])).toEqual(
      expect.arrayContaining([host, account, expect.objectContaining({ id: "hub/iris/agent" })]),
    );
  });
});
