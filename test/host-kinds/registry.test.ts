import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { HOST_KIND_NAMES, HOST_KINDS, hostKindOf, MACHINES } from "../../src/host-kinds/registry.ts";
import { loadHostKindProviders } from "../../src/provider/host-kind-provider.ts";

const FOLDER = join(import.meta.dirname, "../../src/host-kinds");

describe("a host kind", () => {
  test("has one folder and one entry in the registry", () => {
    const entries = readdirSync(FOLDER, { withFileTypes: true });
    const folders = entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
    expect([...HOST_KIND_NAMES].sort()).toEqual(folders.sort());
  });

  test.each(HOST_KIND_NAMES)("has each module that Muster loads by name: %s", async (kind) => {
    const isMade = hostKindOf({ kind }).machine !== undefined;
    for (const part of ["program.ts", "provider.ts"]) {
      expect(existsSync(join(FOLDER, kind, part))).toBe(isMade);
    }
    if (!isMade) return;
    const { makeMachines } = await import(join(FOLDER, kind, "program.ts"));
    expect(makeMachines).toBeTypeOf("function");
  });

  test("has its own inventory file", () => {
    const paths = HOST_KIND_NAMES.map((kind) => HOST_KINDS[kind].inventory.path);
    expect(new Set(paths).size).toBe(paths.length);
  });

  test("has a handler for its machine resource", async () => {
    const providers = await loadHostKindProviders(import.meta.dirname, () => undefined);
    const context = {} as Parameters<(typeof providers)[number]["handlers"]>[0];
    const types = providers.flatMap((provider) => Object.keys(provider.handlers(context)));
    expect(types).toEqual(MACHINES.map(({ type }) => type));
  });
});
