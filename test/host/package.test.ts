import { mkdirSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { runProgram } from "../../src/host/system/run-program.ts";
import type { Items } from "../../src/model/items.ts";
import { drift, makeWorld } from "./world.ts";

const TMUX: Items = { tmux: { kind: "package", name: "tmux", want: { present: true } } };

/** Returns a host that has only these programs and no database of dpkg. */
function bareHost(...programs: string[]) {
  const world = makeWorld();
  mkdirSync(world.host.paths.programs);
  for (const name of programs) writeFileSync(`${world.host.paths.programs}/${name}`, "");
  return world;
}

test("a host without dpkg needs no package if it has the program", () => {
  const world = bareHost("tmux");
  expect(drift(world.observe(TMUX))).toEqual({});
  expect(world.up(TMUX).changed).toEqual([]);
});

test("on a host without apt, the preview and `up` each say in one sentence what to install by hand", () => {
  const world = bareHost();
  const why = "tmux is missing, and this host has no apt with which Muster could install it.";
  expect(world.observe(TMUX).observed["tmux"]).toMatchObject({
    refusal: { why, next: `Install tmux on the host by hand, as ${world.host.paths.programs}/tmux.` },
  });
  expect(() => world.up(TMUX)).toThrow(why);
});

test("needrestart restarts no service when apt installs a package", () => {
  expect(runProgram("env", []).stdout).toContain("NEEDRESTART_SUSPEND=1\nNEEDRESTART_MODE=l\n");
});
