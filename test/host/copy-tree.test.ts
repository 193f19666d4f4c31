import { spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Account } from "../../src/host/accounts/read-accounts.ts";
import { type CopyOrder, copyTree } from "../../src/host/copies/copy-tree.ts";
import { measureTree } from "../../src/host/copies/measure-tree.ts";
import { runProgram } from "../../src/host/system/run-program.ts";

const { uid, gid } = userInfo();
const ME: Account = { name: "me", uid, gid, home: "/", shell: "/bin/sh" };

function place(): { dir: string; from: string; to: string; copy(more?: Partial<CopyOrder>): string[] } {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "muster-copy-")));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const [from, to] = [join(dir, "dev/iris"), join(dir, "iris")];
  mkdirSync(from, { recursive: true });
  mkdirSync(to);
  const order = { from, to, reader: ME, writer: ME, declared: new Set<string>(), before: [] };
  return { dir, from, to, copy: (more) => [...copyTree({ ...order, ...more }).paths] };
}

const modeOf = (path: string) => (lstatSync(path).mode & 0o7777).toString(8);

test("files, folders and links are copied with their modes and times, and the source is not changed", () => {
  const { from, to, copy } = place();
  mkdirSync(join(from, "memory"), { mode: 0o750 });
  writeFileSync(join(from, "memory/notes"), "learned\n", { mode: 0o640 });
  writeFileSync(join(from, "run.sh"), "#!/bin/sh\n");
  chmodSync(join(from, "run.sh"), 0o4755);
  symlinkSync("memory/notes", join(from, "latest"));
  utimesSync(join(from, "memory/notes"), 1e9, 1e9);
  runProgram("mkfifo", [join(from, "pipe")]);
  const before = runProgram("find", [from, "-printf", "%p %m %T@ %l\n"]).stdout;
  expect(copy().sort()).toEqual([".", "latest", "memory", "memory/notes", "run.sh"]);
  expect(readFileSync(join(to, "memory/notes"), "utf8")).toBe("learned\n");
  expect(lstatSync(join(to, "memory/notes")).mtimeMs).toBe(1e12);
  expect([modeOf(join(to, "memory")), modeOf(join(to, "memory/notes"))]).toEqual(["750", "640"]);
  // With setuid, the copy would run with the rights of a user other than the user in the source.
  expect(modeOf(join(to, "run.sh"))).toBe("755");
  expect(readlinkSync(join(to, "latest"))).toBe("memory/notes");
  expect(runProgram("find", [from, "-printf", "%p %m %T@ %l\n"]).stdout).toBe(before);
});

test("a link that leads out of the source is copied as a link, and is never followed", () => {
  const { dir, from, to, copy } = place();
  mkdirSync(join(dir, "others"));
  writeFileSync(join(dir, "others/secret"), "secret\n");
  symlinkSync(join(dir, "others"), join(from, "out"));
  symlinkSync(join(dir, "others/secret"), join(from, "file"));
  copy();
  expect([readlinkSync(join(to, "out")), readlinkSync(join(to, "file"))]).toEqual([
    join(dir, "others"),
    join(dir, "others/secret"),
  ]);
});

test("a link in the path of the source, or at the path of a copy, is not followed", () => {
  const { dir, from, to, copy } = place();
  symlinkSync(join(dir, "dev"), join(dir, "link"));
  expect(() => copy({ from: join(dir, "link/iris") })).toThrow(/ENOTDIR|ELOOP/);
  mkdirSync(join(from, "memory"));
  writeFileSync(join(from, "memory/notes"), "learned\n");
  mkdirSync(join(dir, "others"));
  symlinkSync(join(dir, "others"), join(to, "memory"));
  copy();
  expect(existsSync(join(dir, "others/notes"))).toBe(false);
  expect(readFileSync(join(to, "memory/notes"), "utf8")).toBe("learned\n");
});

test("a second copy copies changed files, and deletes files that the source no longer has", () => {
  const { from, to, copy } = place();
  writeFileSync(join(from, "contacts.db"), "one");
  writeFileSync(join(from, "contacts.db-wal"), "journal");
  mkdirSync(join(from, "old/deep"), { recursive: true });
  const before = copy();
  writeFileSync(join(to, "own"), "of the agent\n");
  writeFileSync(join(from, "contacts.db"), "one and two");
  rmSync(join(from, "contacts.db-wal"));
  rmSync(join(from, "old"), { recursive: true });
  copy({ before });
  expect(readFileSync(join(to, "contacts.db"), "utf8")).toBe("one and two");
  expect(existsSync(join(to, "contacts.db-wal"))).toBe(false);
  expect(existsSync(join(to, "old"))).toBe(false);
  expect(readFileSync(join(to, "own"), "utf8")).toBe("of the agent\n");
});

test("declared files are neither replaced nor deleted, and declared folders keep their modes", () => {
  const { from, to, copy } = place();
  writeFileSync(join(from, "SOUL.md"), "theirs\n");
  chmodSync(from, 0o755);
  writeFileSync(join(to, "SOUL.md"), "declared\n");
  chmodSync(to, 0o700);
  copy({ declared: new Set([to, join(to, "SOUL.md")]), before: ["gone"] });
  expect(readFileSync(join(to, "SOUL.md"), "utf8")).toBe("declared\n");
  expect(modeOf(to)).toBe("700");
});

test("a single file can be copied, into a folder that does not exist yet", () => {
  const { from, to, copy } = place();
  writeFileSync(join(from, ".claude.json"), "{}\n", { mode: 0o600 });
  expect(copy({ from: join(from, ".claude.json"), to: join(to, "a/b/.claude.json") })).toEqual(["."]);
  expect(readFileSync(join(to, "a/b/.claude.json"), "utf8")).toBe("{}\n");
});

test("a file that is written during its copy is reported as a changed file", async () => {
  const { from, to } = place();
  writeFileSync(join(from, "log"), Buffer.alloc(20_000_000));
  const writer = spawn("sh", ["-c", `while :; do echo x >>${join(from, "log")}; done`]);
  onTestFinished(() => void writer.kill());
  const order = { from, to, reader: ME, writer: ME, declared: new Set<string>(), before: [] };
  await expect.poll(() => copyTree(order).changed, { timeout: 20_000 }).toEqual(["log"]);
});

test("a file name that is not UTF-8 is refused, because the file would silently be missing in the copy", () => {
  const { from, copy } = place();
  writeFileSync(Buffer.concat([Buffer.from(`${from}/x`), Buffer.from([0xff])]), "");
  expect(() => copy()).toThrow(/the name of a file in it is not UTF-8/);
});

test("a source is measured without following links", () => {
  const { dir, from } = place();
  writeFileSync(join(dir, "large"), "x".repeat(1000));
  symlinkSync(join(dir, "large"), join(from, "link"));
  writeFileSync(join(from, "small"), "x".repeat(10));
  expect(measureTree(from, ME)).toEqual({ bytes: 10, paths: [".", "link", "small"] });
});

const DEV: Account = { ...ME, name: "dev", uid: 61_001, gid: 61_001 };
const IRIS: Account = { ...ME, name: "iris", uid: 61_002, gid: 61_002 };

/** Creates a source of dev and a home of iris. Only their owners can enter these folders. */
function accounts() {
  const all = place();
  chmodSync(all.dir, 0o755);
  chownSync(join(all.dir, "dev"), DEV.uid, DEV.gid);
  chownSync(all.from, DEV.uid, DEV.gid);
  chownSync(all.to, IRIS.uid, IRIS.gid);
  for (const path of [all.from, all.to]) chmodSync(path, 0o700);
  return { ...all, own: (path: string) => chownSync(path, DEV.uid, DEV.gid) };
}

test.runIf(uid === 0)("the source is read as its owner, and the copy belongs to the agent", () => {
  const { from, to, own, copy } = accounts();
  writeFileSync(join(from, "notes"), "mine\n", { mode: 0o600 });
  own(join(from, "notes"));
  copy({ reader: DEV, writer: IRIS });
  const { uid: owner, gid: group } = lstatSync(join(to, "notes"));
  expect([owner, group]).toEqual([IRIS.uid, IRIS.gid]);
  expect(process.geteuid?.()).toBe(0);
});

test.runIf(uid === 0)("a file that the owner of the source cannot read is refused by name", () => {
  const { dir, from, to, copy } = accounts();
  writeFileSync(join(from, "theirs"), "of root\n", { mode: 0o600 });
  expect(() => copy({ reader: DEV, writer: IRIS })).toThrow(/theirs was not copied/);
  rmSync(join(from, "theirs"));
  writeFileSync(join(dir, "shadow"), "of root\n", { mode: 0o600 });
  linkSync(join(dir, "shadow"), join(from, "hard"));
  expect(() => copy({ reader: DEV, writer: IRIS })).toThrow(/hard was not copied/);
  expect(existsSync(join(to, "hard"))).toBe(false);
});
