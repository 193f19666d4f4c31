import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Items } from "../../src/model/items.ts";
import { drift, makeAgentWorld, type World } from "./world.ts";

const modeOf = (path: string) => (statSync(path).mode & 0o7777).toString(8);
const passwdOf = ({ dir }: World) => readFileSync(join(dir, "etc/passwd"), "utf8");

/** Returns the user iris, its home, and two identity files. Everything except TOOLS.md exists before Muster. */
function adopted(): { world: World; items: Items; home: string } {
  const world = makeAgentWorld();
  const home = world.home();
  chmodSync(home, 0o750);
  writeFileSync(join(home, "SOUL.md"), "I am Iris.\n", { mode: 0o664 });
  chmodSync(join(home, "SOUL.md"), 0o664);
  const attributes = { owner: "iris", group: "iris", mode: "0700" } as const;
  const items: Items = {
    "identity:user iris": {
      kind: "user",
      name: "iris",
      want: { present: true, group: "iris", home, shell: "/bin/bash" },
    },
    "identity:home": {
      kind: "directory",
      path: home,
      onRemove: "aside",
      want: { type: "directory", ...attributes },
    },
    "identity:SOUL.md": world.file(join(home, "SOUL.md"), "I am Iris.\n"),
    "identity:TOOLS.md": world.file(join(home, "TOOLS.md"), "tools\n"),
  };
  return { world, items, home };
}

test("a removed agent's user, home and files are restored to their former state, and everything that Muster has created is removed", () => {
  const { world, items, home } = adopted();
  const before = passwdOf(world);
  world.up(items);
  expect([modeOf(home), modeOf(join(home, "SOUL.md")), passwdOf(world)]).not.toContain(before);
  expect([modeOf(home), modeOf(join(home, "SOUL.md"))]).toEqual(["700", "600"]);
  expect(world.down(items)).toEqual([]);
  expect([modeOf(home), modeOf(join(home, "SOUL.md"))]).toEqual(["750", "664"]);
  expect(passwdOf(world)).toBe(before);
  expect(existsSync(join(home, "TOOLS.md"))).toBe(false);
});

test("a file and a folder that are the targets of links get their former owners and modes again", () => {
  const { world, items, home } = adopted();
  const [soul, data] = [join(home, "soul"), join(world.dir, "data")];
  renameSync(join(home, "SOUL.md"), soul);
  symlinkSync("soul", join(home, "SOUL.md"));
  mkdirSync(data);
  chmodSync(data, 0o775);
  symlinkSync(data, join(home, "work"));
  const want = { type: "directory", owner: "iris", group: "iris", mode: "0700" } as const;
  const linked: Items = {
    ...items,
    "identity:work": { kind: "directory", path: join(home, "work"), actor: "iris", want },
  };
  world.up(linked);
  expect([modeOf(soul), modeOf(data)]).toEqual(["600", "700"]);
  world.down(linked);
  expect([modeOf(soul), modeOf(data)]).toEqual(["664", "775"]);
});

test("a file with `write: once` is not changed", () => {
  const { world, items, home } = adopted();
  const soul = { ...items["identity:SOUL.md"], write: "once" } as Items[string];
  const once: Items = { ...items, "identity:SOUL.md": soul };
  world.up(once);
  expect(modeOf(join(home, "SOUL.md"))).toBe("664");
  chmodSync(join(home, "SOUL.md"), 0o640);
  world.down(once);
  expect(modeOf(join(home, "SOUL.md"))).toBe("640");
});

test("owners and modes do not change before the take-over, and their later change counts as a change of fleet.yaml", () => {
  const { world, items, home } = adopted();
  const before = passwdOf(world);
  const later: Items = Object.fromEntries(
    Object.entries(items).map(([name, item]) => [name, { ...item, asFound: true } as typeof item]),
  );
  expect(world.up(later).changed).toEqual(["identity:TOOLS.md.type"]);
  expect([modeOf(home), modeOf(join(home, "SOUL.md")), passwdOf(world)]).toEqual(["750", "664", before]);
  expect(world.up(later).changed).toEqual([]);
  world.up(items);
  expect(drift(world.observe(items))).toEqual({});
  expect([modeOf(home), modeOf(join(home, "SOUL.md"))]).toEqual(["700", "600"]);
});

test("a file that the agent has written is kept when fleet.yaml no longer declares the file", () => {
  const { world, items, home } = adopted();
  world.up(items);
  const { "identity:SOUL.md": _, "identity:TOOLS.md": __, ...fewer } = items;
  world.up(fewer);
  expect(readFileSync(join(home, "SOUL.md"), "utf8")).toBe("I am Iris.\n");
  expect(existsSync(join(home, "TOOLS.md"))).toBe(false);
});
