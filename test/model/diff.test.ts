import { describe, expect, test } from "vitest";
import { diffItem } from "../../src/model/diff.ts";
import type { HostRecord } from "../../src/model/host-record.ts";
import type { FileItem, Props } from "../../src/model/items.ts";

const soul: FileItem = {
  kind: "file",
  path: "/home/iris/SOUL.md",
  want: { type: "file", content: "sha256:new", owner: "iris", group: "arc", mode: "0640" },
};

const asWanted: Props = soul.want;

function recorded(applied: Props, intended?: Props): HostRecord {
  const base = { id: "hub/iris/agent", type: "Agent", owner: "p/s", items: { soul } };
  return { ...base, applied: { soul: applied }, ...(intended ? { intended: { soul: intended } } : {}) };
}

function findings(observed: Props, record?: HostRecord) {
  return diffItem("soul", soul, { props: observed }, record).map((one) => `${one.property} ${one.cause}`);
}

describe("a difference", () => {
  test("is not found if the host is as declared", () => {
    expect(findings(asWanted, recorded(asWanted))).toEqual([]);
  });

  test("is drift if somebody has changed the host", () => {
    expect(findings({ ...asWanted, mode: "0666" }, recorded(asWanted))).toEqual(["mode drift"]);
  });

  test("is intended if somebody has changed fleet.yaml", () => {
    const old = { ...asWanted, content: "sha256:old" };
    expect(findings(old, recorded(old))).toEqual(["content intended"]);
  });

  test("has the cause `both` if somebody has changed the host and fleet.yaml", () => {
    const old = { ...asWanted, content: "sha256:old" };
    expect(findings({ ...asWanted, content: "sha256:hand" }, recorded(old))).toEqual(["content both"]);
  });

  test("is always drift if a unit is in quarantine, even if the last run has not applied its declaration", () => {
    const active = { enabled: "enabled", active: "running", overrides: "none" } as const;
    const unit = { kind: "unit", name: "muster-agent-iris.service", want: active } as const;
    const base = { id: "hub/iris/agent", type: "Agent", owner: "p/s", items: { unit } };
    const held = { props: { ...active, active: "quarantined" } };
    for (const record of [
      { ...base, applied: {} },
      { ...base, intended: { unit: active } },
    ])
      expect(diffItem("unit", unit, held, record)).toMatchObject([{ property: "active", cause: "drift" }]);
  });

  test("is not drift if a killed run has made only part of its changes", () => {
    const old = { ...asWanted, content: "sha256:old", mode: "0600" };
    const half = { ...asWanted, content: "sha256:killed", mode: "0600" };
    const record = recorded(old, { ...asWanted, content: "sha256:killed" });
    expect(findings(half, record)).toEqual(["content intended", "mode intended"]);
  });

  test("has an unknown cause if the host has no record", () => {
    expect(findings({ ...asWanted, owner: "root" })).toEqual(["owner unknown"]);
  });

  test("is intended if the item is new in fleet.yaml", () => {
    const record = { ...recorded(asWanted), applied: {} };
    expect(findings({ type: "absent" }, record)).toEqual(["type intended"]);
    expect(findings({ ...asWanted, mode: "0666" }, record)).toEqual(["mode intended"]);
  });

  test("concerns only the type if a file is missing or has become a link", () => {
    expect(findings({ type: "absent" }, recorded(asWanted))).toEqual(["type drift"]);
    expect(findings({ ...asWanted, type: "symlink", mode: "0777" }, recorded(asWanted))).toEqual([
      "type drift",
    ]);
  });

  test("is not found for an item that cannot be observed", () => {
    expect(diffItem("soul", soul, { unknown: "permission denied" })).toEqual([]);
  });

  test("is replaced by its details if it has details", () => {
    const detail = [{ property: "content", declared: "line 1: a", observed: "line 1: b" }];
    const observation = { props: { ...asWanted, content: "sha256:hand" }, detail };
    expect(diffItem("soul", soul, observation, recorded(asWanted))).toEqual([
      { item: "soul", property: "content", declared: "line 1: a", observed: "line 1: b", cause: "drift" },
    ]);
  });
});
