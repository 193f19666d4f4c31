import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { refuseLogin } from "../../src/host/accounts/login-users.ts";
import { readAccounts } from "../../src/host/accounts/read-accounts.ts";
import { leave } from "../../src/host/moves/prepare.ts";
import { removeResource } from "../../src/host/reconcile/remove.ts";
import type { Items } from "../../src/model/items.ts";
import { AGENT, IRIS, makeWorld, OWNER, type World } from "./world.ts";

/** Returns the items of an agent whose user already exists as declared. */
function agentItems(home: string): Items {
  const attributes = { owner: "iris", group: "iris", mode: "0700" } as const;
  return {
    "identity:user iris": {
      kind: "user",
      name: "iris",
      want: { present: true, group: "iris", home, shell: "/bin/sh" },
    },
    "identity:home": {
      kind: "directory",
      path: home,
      onRemove: "aside",
      want: { type: "directory", ...attributes },
    },
  };
}

function worldOfLogin() {
  const world = makeWorld([IRIS], undefined, AGENT);
  const items = agentItems(world.home());
  const passwd = () => readFileSync(join(world.dir, "etc/passwd"), "utf8");
  const asLogin = { ...world.host, loginUids: new Set([IRIS.uid]) };
  return { world, items, passwd, asLogin };
}

/** Changes the record as if Muster had created the user, so that a removal would delete the user. */
function forgetFound({ host }: World): void {
  const file = `${host.paths.records}/arc~main/hub~iris~agent.json`;
  const { found: _, ...record } = JSON.parse(readFileSync(file, "utf8")) as { found?: object };
  writeFileSync(file, JSON.stringify(record));
}

test("the user of the session's login is neither removed nor moved, and the user's record remains complete", () => {
  const { world, items, passwd, asLogin } = worldOfLogin();
  world.up(items);
  forgetFound(world);
  const before = [passwd(), JSON.stringify(world.observe().record)];
  const request = { id: AGENT.id, owner: OWNER, items } as const;
  const refused = /user iris was not (removed|moved)[\s\S]*logged in to this host as iris/;
  expect(() => removeResource(asLogin, { op: "remove", ...request })).toThrow(refused);
  expect(() => leave(asLogin, { op: "leave", ...request, to: "east" })).toThrow(refused);
  expect([passwd(), JSON.stringify(world.observe().record)]).toEqual(before);
});

test("the user of the session's login is recognized by its uid, under any name", () => {
  const { world, asLogin } = worldOfLogin();
  const accounts = readAccounts(world.host.paths.etc);
  expect(() => refuseLogin(asLogin, accounts, "iris", "renamed")).toThrow("user iris was not renamed");
  expect(() => refuseLogin(asLogin, accounts, "loom", "renamed")).not.toThrow();
});
