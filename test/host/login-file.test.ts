import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { expect, test } from "vitest";
import { secretDigest } from "../../src/model/digest.ts";
import { AS_DECLARED, type FileItem, type Items } from "../../src/model/items.ts";
import { drift, makeWorld } from "./world.ts";

/** Returns the text of a login file of Codex. */
function codexLogin(token: string, day: number, account = "acc-iris"): string {
  const tokens = { access_token: `at-${token}`, refresh_token: `rt-${token}`, account_id: account };
  return JSON.stringify({ tokens, last_refresh: `2026-11-${day < 10 ? "0" : ""}${day}T10:00:00Z` });
}

/** Returns the text of a login file that says neither its account nor its age. */
function plainLogin(token: string): string {
  return JSON.stringify({ refresh_token: token });
}

function loginWorld() {
  const world = makeWorld();
  const path = `${world.home()}/.codex/auth.json`;
  const base = world.file(path, "", { secret: "file:/laptop/auth.json" });
  const item = (content: FileItem["want"]["content"]): Items => ({
    login: { ...base, login: true, write: "adopt", want: { ...base.want, content, account: AS_DECLARED } },
  });
  const digest = (text: string) => secretDigest(path, text);
  return {
    ...world,
    path,
    up: (source: string) => world.up(item(digest(source)), { secrets: { login: source } }),
    /** Returns the differences that `fleet drift` finds without the value of the source. */
    drift: () => drift(world.observe(item(AS_DECLARED))),
    /** Returns the differences that a preview finds with the digest of the source. */
    preview: (source: string) => drift(world.observe(item(digest(source)))),
    observe: () => world.observe(item(AS_DECLARED)).observed["login"],
    text: () => readFileSync(path, "utf8"),
    renew: (text: string) => writeFileSync(path, text),
  };
}

test("a login is written if it is missing, and a renewed login is not drift and is never overwritten", () => {
  const { up, drift, preview, text, renew } = loginWorld();
  expect(up(codexLogin("a", 1)).changed).toEqual(["login.type"]);
  expect(text()).toBe(codexLogin("a", 1));
  renew(codexLogin("b", 5));
  expect([drift(), preview(codexLogin("a", 1))]).toEqual([{}, {}]);
  expect(up(codexLogin("a", 1)).changed).toEqual([]);
  expect(text()).toBe(codexLogin("b", 5));
});

test.each([
  ["with their own times", codexLogin],
  ["without any times", plainLogin],
])("a new login wins, and an older login of another machine never comes back: files %s", (_, make) => {
  const { up, preview, text, renew } = loginWorld();
  up(make("a", 1));
  renew(make("b", 5));
  expect(preview(make("c", 9))).toEqual({ "login.content": "different" });
  expect(up(make("c", 9)).changed).toEqual(["login.content"]);
  renew(make("d", 12));
  expect(preview(make("a", 1))).toEqual({});
  up(make("a", 1));
  up(make("c", 9));
  expect(text()).toBe(make("d", 12));
});

test("a source that was never written is kept out if it is older than the login on the host", () => {
  const { up, drift, text, renew } = loginWorld();
  up(codexLogin("a", 4));
  renew(codexLogin("b", 8));
  up(codexLogin("other", 6));
  expect(text()).toBe(codexLogin("b", 8));
  expect(drift()).toEqual({});
  expect(up(codexLogin("other", 6)).changed).toEqual([]);
});

test("an existing login is adopted, unless the source is later", () => {
  const adopted = loginWorld();
  mkdirSync(dirname(adopted.path), { recursive: true });
  adopted.renew(plainLogin("own"));
  chmodSync(adopted.path, 0o600);
  adopted.up(plainLogin("source"));
  expect(adopted.text()).toBe(plainLogin("own"));
  expect(adopted.drift()).toEqual({});

  const late = loginWorld();
  mkdirSync(dirname(late.path), { recursive: true });
  late.renew(codexLogin("own", 2));
  late.up(codexLogin("source", 3));
  expect(late.text()).toBe(codexLogin("source", 3));
});

test("a missing, unreadable or exposed login is drift, and `up` repairs it", () => {
  const { up, drift, text, renew, path } = loginWorld();
  up(codexLogin("a", 1));
  rmSync(path);
  expect(drift()).toEqual({
    "login.type": "absent",
    "login.content": undefined,
    "login.account": undefined,
    "login.owner": undefined,
    "login.group": undefined,
    "login.mode": undefined,
  });
  up(codexLogin("a", 1));
  expect(text()).toBe(codexLogin("a", 1));
  renew("{broken");
  expect(drift()).toEqual({ "login.content": "unreadable" });
  up(codexLogin("a", 1));
  expect(text()).toBe(codexLogin("a", 1));
  renew(codexLogin("b", 3));
  chmodSync(path, 0o644);
  expect(drift()).toEqual({ "login.mode": "0644" });
  up(codexLogin("a", 1));
  expect(drift()).toEqual({});
  expect(text()).toBe(codexLogin("b", 3));
});

test("a login of another account is drift that `up` does not repair with an old login, but with a new one", () => {
  const { up, drift, observe, text, renew } = loginWorld();
  up(codexLogin("a", 1));
  renew(codexLogin("b", 5, "acc-loom"));
  expect(drift()).toEqual({ "login.account": "another account" });
  expect(observe()).toMatchObject({
    isLeft: true,
    refusal: { why: expect.stringContaining("another account") },
  });
  up(codexLogin("a", 1));
  expect(text()).toBe(codexLogin("b", 5, "acc-loom"));
  up(codexLogin("c", 9));
  expect(text()).toBe(codexLogin("c", 9));
  expect(drift()).toEqual({});
});

test("a run that is killed while it writes a login does not make the next run overwrite a renewed login", () => {
  const { up, text, renew, host, path } = loginWorld();
  up(codexLogin("a", 1));
  const folder = `${host.paths.state}/logins`;
  const [name = ""] = readdirSync(folder);
  const record = JSON.parse(readFileSync(`${folder}/${name}`, "utf8"));
  const before = `sha256:${"0".repeat(64)}`;
  const pending = { source: secretDigest(path, plainLogin("c")), before };
  writeFileSync(`${folder}/${name}`, JSON.stringify({ ...record, pending }));
  renew(plainLogin("renewed"));
  expect(up(plainLogin("c")).changed).toEqual([]);
  expect(text()).toBe(plainLogin("renewed"));
});

test("no token is in the records of the host, and the removal of a login removes its file and its record", () => {
  const { up, down, host, path } = loginWorld();
  up(codexLogin("canary", 1));
  const files = readdirSync(host.paths.state, { recursive: true, withFileTypes: true }).filter((one) =>
    one.isFile(),
  );
  const texts = files.map((one) => readFileSync(`${one.parentPath}/${one.name}`, "utf8")).join("\n");
  expect(texts).not.toMatch(/canary|acc-iris/);
  down();
  expect(existsSync(path)).toBe(false);
  expect(readdirSync(`${host.paths.state}/logins`)).toEqual([]);
});
