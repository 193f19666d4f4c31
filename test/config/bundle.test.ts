import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { beforeAll, expect, test } from "vitest";
import { bundleOptions } from "../../scripts/bundle-options.ts";
import { compiledSchemas } from "../../scripts/schema.ts";
import type { checkFleet } from "../../src/config/check-fleet.ts";
import { FORM } from "./cases/form.ts";
import { broken, check, FLEET, lines, useFolder } from "./support/folder.ts";

const folder = useFolder();
let bundled: typeof checkFleet;

beforeAll(async () => {
  const outfile = join(folder.path, "check.mjs");
  const { metafile } = await build({
    entryPoints: [join(import.meta.dirname, "../../src/config/check-fleet.ts")],
    outfile,
    ...bundleOptions,
    metafile: true,
    plugins: [compiledSchemas],
  });
  expect(Object.keys(metafile.inputs).filter((path) => path.includes("ajv/dist/compile"))).toEqual([]);
  ({ checkFleet: bundled } = await import(pathToFileURL(outfile).href));
});

test("the bundle with precompiled schemas reports the same problems as the sources", () => {
  for (const text of [FLEET, ...FORM.map(([, passage, replacement]) => broken(passage, replacement))]) {
    const expected = lines(check(folder, text).problems);
    expect(lines(bundled(join(folder.path, "fleet.yaml")).problems)).toEqual(expected);
  }
});

test("the time for the validation of 100 agents and 100 contacts is measured and printed", () => {
  const names = Array.from({ length: 100 }, (_, index) => `agent-${index}`);
  const section = (title: string, entry: (name: string) => string) =>
    `${title}:\n${names.map((name) => `  ${entry(name)}\n`).join("")}`;
  const text =
    "apiVersion: muster/v1\nkind: Fleet\nname: big\nhosts: {hub: {kind: local}}\ntenants: {arc: {}}\n" +
    section("credentials", (name) => `${name}-key: {from: "config:${name}", type: api-key, env: API_KEY}`) +
    section("identities", (name) => `${name}: {soul: SOUL.md}`) +
    section("contacts", (name) => `${name}: {type: agent, email: ${name}@example.org}`) +
    section(
      "agents",
      (name) => `${name}: {host: hub, tenant: arc, credentials: [${name}-key], command: [/bin/true]}`,
    );
  writeFileSync(join(folder.path, "fleet.yaml"), text);
  for (const occasion of ["first", "second"]) {
    const start = performance.now();
    expect(Object.keys(bundled(join(folder.path, "fleet.yaml")).fleet?.agents ?? {})).toHaveLength(100);
    console.log(`${occasion} load of 100 agents: ${(performance.now() - start).toFixed(0)} ms`);
  }
});
