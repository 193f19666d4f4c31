import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { asUser } from "../../src/host/accounts/as-user.ts";
import { endProcesses } from "../../src/host/accounts/end-processes.ts";
import { digestOf } from "../../src/model/digest.ts";
import type { Contents, Items } from "../../src/model/items.ts";
import { book, drift, makeWorld, type Person, type World } from "../host/world.ts";

/** IDs that no account on a test machine has. */
const IRIS: Person = { name: "iris", uid: 64101, gid: 64101 };
const FORGE: Person = { name: "forge", uid: 64102, gid: 64102 };
const SOUL = "# Iris\n";
const CONTACTS = { loom: { email: "loom@example.org" } };

/** Returns a host that root has set up, with two agents. Each home belongs to its agent. */
function rootWorld(): World {
  const world = makeWorld([IRIS, FORGE]);
  for (const person of [IRIS, FORGE]) chownSync(world.home(person), person.uid, person.gid);
  for (const dir of [world.dir, join(world.dir, "home")]) chmodSync(dir, 0o755);
  return world;
}

function agentItems(world: World): { items: Items; contents: Contents } {
  const soul = world.file(`${world.home()}/docs/SOUL.md`, SOUL);
  const contacts = book(`${world.home()}/contacts.db`, CONTACTS);
  const contents = { ...contacts.contents, [digestOf(SOUL)]: SOUL };
  return { items: { "SOUL.md": soul, contacts: contacts.item }, contents };
}

describe("the files in an agent's home", () => {
  test("belong to the agent, and the host runtime is root again after it has written these files", () => {
    const world = rootWorld();
    const { items, contents } = agentItems(world);
    world.up(items, { contents });
    for (const name of ["docs", "docs/SOUL.md", "contacts.db"]) {
      expect(statSync(`${world.home()}/${name}`)).toMatchObject({ uid: IRIS.uid, gid: IRIS.gid });
    }
    expect([process.geteuid?.(), process.getegid?.()]).toEqual([0, 0]);
    expect(drift(world.observe())).toEqual({});
  });

  test.each([0o600, 0o644])(
    "are reported if root owns them (mode %o), and are returned to the agent intact",
    (mode) => {
      const world = rootWorld();
      const { items, contents } = agentItems(world);
      world.up(items, { contents });
      const db = new DatabaseSync(`${world.home()}/contacts.db`);
      db.exec("INSERT INTO contacts VALUES ('learned', 'l@example.org')");
      db.close();
      for (const name of ["docs/SOUL.md", "contacts.db"]) {
        chownSync(`${world.home()}/${name}`, 0, IRIS.gid);
        chmodSync(`${world.home()}/${name}`, mode);
      }
      const seen = drift(world.observe());
      expect(seen).toMatchObject({ "SOUL.md.owner": "0", "contacts.owner": "0" });
      expect(Object.keys(seen)).toHaveLength(mode === 0o600 ? 2 : 4);
      world.up(items, { contents });
      expect(drift(world.observe())).toEqual({});
      const repaired = new DatabaseSync(`${world.home()}/contacts.db`);
      expect(repaired.prepare("SELECT count(*) AS n FROM contacts").get()).toEqual({ n: 2 });
      repaired.close();
    },
  );

  test("can be observed even if only root has access to the home", () => {
    const world = rootWorld();
    const { items, contents } = agentItems(world);
    world.up(items, { contents });
    chownSync(world.home(), 0, 0);
    expect(drift(world.observe())).toEqual({});
  });

  test("are written with the agent's rights, so a path outside the home is refused", () => {
    const world = rootWorld();
    const outside = world.file(`${world.dir}/outside.md`, SOUL, { actor: "iris" });
    expect(() => world.up({ outside })).toThrow(/permission denied \(EACCES\)/);
    const sibling = world.file(`${world.home(FORGE)}/SOUL.md`, SOUL, { actor: "iris" });
    expect(() => world.up({ sibling })).toThrow(/permission denied \(EACCES\)/);
  });

  test("are kept, and reported with their owner's uid, if the owner's account was deleted", () => {
    const world = rootWorld();
    const { items, contents } = agentItems(world);
    world.up(items, { contents });
    writeFileSync(`${world.host.paths.etc}/passwd`, "root:x:0:0::/root:/bin/sh\n");
    expect(drift(world.observe())).toMatchObject({ "SOUL.md.owner": String(IRIS.uid) });
    world.down();
    expect(existsSync(`${world.home()}/contacts.db`)).toBe(true);
  });
});

test("code that acts as a user has that user's IDs and none of root's groups", () => {
  const [user, group] = asUser({ ...IRIS, home: "/", shell: "/bin/sh" }, () => {
    const status = readFileSync("/proc/thread-self/status", "utf8");
    return [/^Uid:.*$/m.exec(status)?.[0], /^Groups:.*$/m.exec(status)?.[0]];
  });
  expect(user?.split("\t").slice(2)).toEqual(["64101", "0", "64101"]);
  expect(group?.trim()).toBe("Groups:");
});

test("ending a user's processes does not end processes with the same uid in a container", async () => {
  const as = ["setpriv", "--reuid=64103", "--regid=64103", "--clear-groups", "sleep", "60"];
  const own = spawn(as[0] ?? "", as.slice(1));
  const contained = spawn("unshare", ["--pid", "--fork", "--kill-child", ...as]);
  onTestFinished(() => void contained.kill("SIGKILL"));
  const ended = new Promise((resolve) => own.once("exit", (_, signal) => resolve(signal)));
  await sleep(500);
  endProcesses(64103, 0.2);
  expect(await ended).toBe("SIGKILL");
  expect(execFileSync("pgrep", ["-u", "64103", "-x", "sleep"], { encoding: "utf8" })).toMatch(/^\d+\n$/);
});

describe("a hostile agent", () => {
  test.each([1, 2, 3])(
    "cannot redirect a read or write by swapping its files and folders in a loop (run %i)",
    async (run) => {
      const world = rootWorld();
      const { items, contents } = agentItems(world);
      world.up(items, { contents });
      const outside = plantOutside(world);
      const enemy = startEnemy(world, outside.dir, run);
      const deadline = Date.now() + 3000;
      let rounds = 0;
      for (; Date.now() < deadline; rounds++) {
        const seen = JSON.stringify(world.observe(items, contents));
        expect(seen).not.toContain(digestOf(outside.text));
        expect(seen).not.toContain("stranger");
        tolerate(() => world.up(items, { contents }));
      }
      await stop(enemy);
      expect(rounds).toBeGreaterThan(3);
      expect(outside.state()).toEqual(outside.before);
      removeLinks(world.home());
      world.up(items, { contents });
      expect(drift(world.observe())).toEqual({});
      expect(lstatSync(`${world.home()}/docs`).isDirectory()).toBe(true);
    },
    60_000,
  );
});

/** Creates a file and a database that the host runtime must neither read nor write. The agent cannot write to them. */
function plantOutside(world: World) {
  const dir = join(world.dir, "outside");
  const text = "not yours\n";
  mkdirSync(dir, { mode: 0o755 });
  writeFileSync(`${dir}/SOUL.md`, text, { mode: 0o644 });
  const db = new DatabaseSync(`${dir}/contacts.db`);
  db.exec("CREATE TABLE contacts (name TEXT, email TEXT); INSERT INTO contacts VALUES ('loom', 'stranger')");
  db.close();
  const names = () => readdirSync(dir).sort();
  const state = () =>
    names().map((name) => [
      name,
      statSync(`${dir}/${name}`).ctimeMs,
      digestOf(readFileSync(`${dir}/${name}`)),
    ]);
  return { dir, text, state, before: state() };
}

const ENEMY = `
const fs = require("node:fs"), { execFileSync } = require("node:child_process");
const [home, outside, seed] = process.argv.slice(1);
let state = Number(seed);
const random = (n) => (state = (state * 1103515245 + 12345) % 2147483648) % n;
const quiet = (act) => { try { act(); } catch {} };
process.chdir(home);
fs.writeFileSync("mine", "mine");
execFileSync("mkfifo", ["pipe"]);
const targets = [["docs", ""], ["docs/SOUL.md", "/SOUL.md"], ["contacts.db", "/contacts.db"], ["contacts.db-journal", "/contacts.db"], ["docs/.SOUL.md.muster-new", "/SOUL.md"]];
for (;;) {
  const [name, aim] = targets[random(targets.length)];
  const spare = "spare" + random(4);
  quiet(() => fs.renameSync(name, spare));
  quiet([
    () => fs.symlinkSync(outside + aim, name),
    () => fs.linkSync("mine", name),
    () => { fs.linkSync("pipe", name); },
    () => fs.mkdirSync(name),
    () => fs.renameSync(spare, name),
  ][random(5)]);
  if (random(3) === 0) quiet(() => fs.rmSync(name, { recursive: true, force: true }));
}`;

function startEnemy(world: World, outside: string, seed: number): ChildProcess {
  const enemy = spawn(process.execPath, ["-e", ENEMY, world.home(), outside, String(seed)], {
    uid: IRIS.uid,
    gid: IRIS.gid,
    stdio: ["ignore", "inherit", "inherit"],
  });
  onTestFinished(() => void enemy.kill("SIGKILL"));
  return enemy;
}

/** Removes the links of the agent, as a person does after `up` has refused them. */
function removeLinks(home: string): void {
  execFileSync("find", [home, "(", "-type", "l", "-o", "-links", "+1", "!", "-type", "d", ")", "-delete"]);
}

async function stop(enemy: ChildProcess): Promise<void> {
  expect(enemy.exitCode).toBeNull();
  const ended = new Promise((resolve) => enemy.once("exit", resolve));
  enemy.kill("SIGKILL");
  await ended;
}

/** Runs `act`, which can fail while the hostile agent runs, but only with one of Muster's own errors. */
function tolerate(act: () => void): void {
  try {
    act();
  } catch (error) {
    expect(error).toHaveProperty("why");
  }
}
