import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  AGENT_PARTS,
  byPart,
  canChangePart,
  ITEM_PROPERTIES,
  itemName,
  labelOf,
  parseItemName,
  partItems,
  partOf,
} from "../../src/model/agent-parts.ts";
import type { FileItem } from "../../src/model/items.ts";

const file = (path: string): FileItem => ({
  kind: "file",
  path,
  want: { type: "file", content: "sha256:a", owner: "root", group: "root", mode: "0644" },
});

describe("the name of an item within an agent", () => {
  test("contains the item's part and label, even for unusual labels", () => {
    const label = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("", "a:b", "unit:program", "a\nb"));
    fc.assert(
      fc.property(fc.constantFrom(...AGENT_PARTS), label, (part, text) => {
        const name = itemName(part, text);
        expect(parseItemName(name)).toEqual({ part, label: text });
        expect([partOf(name), labelOf(name)]).toEqual([part, text]);
      }),
    );
  });

  test("is only the label if the resource has no parts", () => {
    for (const name of ["runtime", "user iris", "/home/iris", "on: google", "units:a"]) {
      expect(itemName("items", name)).toBe(name);
      expect([partOf(name), labelOf(name)]).toEqual([undefined, name]);
    }
  });

  test("is unique even if two parts have items with the same label", () => {
    const labels = ["unit", "program", "contacts.db"];
    const items = Object.assign(
      {},
      ...AGENT_PARTS.map((part) =>
        partItems(part, Object.fromEntries(labels.map((label) => [label, file(`/${part}/${label}`)]))),
      ),
    ) as Record<string, FileItem>;
    expect(Object.keys(items)).toHaveLength(AGENT_PARTS.length * labels.length);
    const parts = byPart(items);
    for (const part of AGENT_PARTS) {
      expect(Object.entries(parts[part] ?? {})).toEqual(
        labels.map((label) => [label, file(`/${part}/${label}`)]),
      );
    }
  });
});

test("items are grouped by part, and items without a part form a separate group", () => {
  const values = { "identity:SOUL.md": 1, "unit:unit": 2, runtime: 3, "identity:home": 4 };
  expect(byPart(values)).toEqual({
    identity: { "SOUL.md": 1, home: 4 },
    unit: { unit: 2 },
    items: { runtime: 3 },
  });
  expect(ITEM_PROPERTIES).toEqual(["items", ...AGENT_PARTS]);
});

describe("a failed part", () => {
  test.each([
    ["identity", ["credentials", "contacts", "unit", "jobs"]],
    ["credentials", ["unit", "jobs"]],
    ["contacts", []],
    ["unit", []],
    ["jobs", []],
  ] as const)("with the name %s blocks the parts %j", (failed, blocked) => {
    const closed = AGENT_PARTS.filter((part) => !canChangePart(part, new Set([failed])));
    expect(closed.filter((part) => part !== failed)).toEqual(blocked);
  });

  test("does not block parts that are applied earlier", () => {
    AGENT_PARTS.forEach((part, at) => {
      const later = new Set(AGENT_PARTS.slice(at + 1));
      expect(canChangePart(part, later)).toBe(true);
    });
  });
});
