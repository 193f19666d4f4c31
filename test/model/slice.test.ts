import { describe, expect, test } from "vitest";
import { RESOURCE_TYPES } from "../../src/model/declaration.ts";
import { inSlice, type Slice, stackSettings } from "../../src/model/stack-settings.ts";

const MACHINE_TYPES = ["LocalHost", "DropletHost", "SomeNewHost"];

const settings = (values: Record<string, string>) => stackSettings((name) => values[name]);

describe("a stack's slice", () => {
  test("contains every resource if nothing is configured", () => {
    expect(settings({})).toEqual({ slice: { kind: "all" } });
  });

  test("contains each resource type either for the platform or for a tenant, and never for both", () => {
    const platform: Slice = { kind: "platform" };
    const north: Slice = { kind: "tenant", tenant: "north" };
    for (const type of [...RESOURCE_TYPES, ...MACHINE_TYPES]) {
      const one = { type, tenant: "north" };
      expect([inSlice(platform, one), inSlice(north, one)].filter(Boolean)).toHaveLength(1);
      expect(inSlice(north, { type, tenant: "south" })).toBe(false);
    }
  });

  test("contains the machines of all current and future host kinds if it belongs to the platform", () => {
    for (const type of MACHINE_TYPES) {
      expect(inSlice({ kind: "platform" }, { type })).toBe(true);
      expect(inSlice({ kind: "tenant", tenant: "north" }, { type })).toBe(false);
    }
  });

  test.each([
    [{ slice: "tenants" }, /muster:slice .* is "tenants"/],
    [{ slice: "tenant:../x" }, /muster:slice/],
    [{ slice: "tenant:north" }, /muster:key .* is not set.*fleet stack add north/],
    [{ takesOver: "dev" }, /muster:takesOver .*<project>\/<stack>/],
  ])("cannot be configured as %j", (values, sentence) => {
    expect(() => settings(values)).toThrow(sentence);
  });
});
