import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ProgramItem } from "../../src/model/items.ts";
import { AGENT, makeAgentWorld, type World } from "./world.ts";

function programIn(world: World, name: string, search = "/usr/bin:/bin"): ProgramItem {
  return {
    kind: "program",
    unit: "iris.service",
    name,
    search,
    workdir: world.home(),
    actor: "iris",
    want: { found: true },
  };
}

const isFound = (world: World, item: ProgramItem) => {
  const seen = world.observe({ "unit:program": item }).observed["unit:program"];
  return seen !== undefined && "props" in seen && seen.props["found"];
};

test("a program is found only in the agent's PATH or at the given path", () => {
  const world = makeAgentWorld();
  const bin = join(world.home(), "bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, "mind"), "#!/bin/sh\n");
  symlinkSync("mind", join(bin, "also"));
  symlinkSync("nowhere", join(bin, "gone"));
  expect(isFound(world, programIn(world, "sh"))).toBe(true);
  expect(isFound(world, programIn(world, "sh", "/nowhere"))).toBe(false);
  expect(isFound(world, programIn(world, "mind", bin))).toBe(false);
  chmodSync(join(bin, "mind"), 0o755);
  expect(["mind", "also", "gone", "bin"].map((name) => isFound(world, programIn(world, name, bin)))).toEqual([
    true,
    true,
    false,
    false,
  ]);
  expect(isFound(world, programIn(world, "bin/mind"))).toBe(true);
  expect(isFound(world, programIn(world, "./mind"))).toBe(false);
});

test("a missing program is an error, and the later items of the same part are not written", () => {
  const world = makeAgentWorld();
  const unit = world.file(`${world.dir}/unit`, "text\n");
  const items = { "unit:program": programIn(world, "mosaic"), "unit:unit file": unit };
  expect(world.up(items).failures).toMatchObject([
    {
      part: "unit",
      error: {
        what: `${AGENT.id}: unit: program (program mosaic of iris.service)`,
        why: "iris finds no program mosaic in any folder of its PATH, /usr/bin:/bin.",
      },
    },
  ]);
  expect(world.observe({ "unit:unit file": unit }).observed["unit:unit file"]).toMatchObject({
    props: { type: "absent" },
  });
});
