import { expect, test } from "vitest";
import { readMarks } from "../../src/host/moves/move-state.ts";
import { arrive } from "../../src/host/moves/prepare.ts";
import type { Items } from "../../src/model/items.ts";
import type { ArriveRequest } from "../../src/model/move.ts";
import { makeWorld, OWNER, type World } from "./world.ts";

/** Returns the items of an agent that would use iris's home on this host. */
function itemsOf(world: World, user: string): Items {
  const home = world.home();
  return {
    "identity:user": {
      kind: "user",
      name: user,
      want: { present: true, group: "iris", home, shell: "/bin/sh" },
    },
    "identity:home": {
      kind: "directory",
      path: home,
      onRemove: "aside",
      want: { type: "directory", owner: user, group: "iris", mode: "0700" },
    },
  };
}

function arrivalOf(world: World, user: string): ArriveRequest {
  const items = itemsOf(world, user);
  return { op: "arrive", id: `west/${user}/agent`, type: "Agent", owner: OWNER, items, from: "east" };
}

test("an agent does not move to a host where its user belongs to a person, and nothing is recorded there", () => {
  const world = makeWorld();
  expect(() => arrive(world.host, arrivalOf(world, "iris"))).toThrow(
    /the user iris exists on this host already, and no stack of Muster has created it/,
  );
  expect(readMarks(world.host)).toEqual([]);
});

test("an agent does not move to a host where its home belongs to somebody else", () => {
  const world = makeWorld();
  expect(() => arrive(world.host, arrivalOf(world, "loom"))).toThrow(
    /home\/iris exists on this host already and belongs to iris/,
  );
});

test("an agent does not move to a host where its user belongs to another stack that uses another name for the host", () => {
  const world = makeWorld();
  const items = itemsOf(world, "iris");
  world.up(items, { id: "server/iris/agent", type: "Agent", owner: "other/prod" });
  expect(() => arrive(world.host, arrivalOf(world, "iris"))).toThrow(
    /belongs to server\/iris\/agent of the stack other\/prod/,
  );
  expect(() => world.up(items, { id: "west/iris/agent", type: "Agent" })).toThrow(
    /belongs to server\/iris\/agent of the stack other\/prod/,
  );
});
