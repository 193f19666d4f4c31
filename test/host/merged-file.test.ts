import { spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { describe, expect, test } from "vitest";
import { keptFolder } from "../../src/host/store/kept-copies.ts";
import { listFolder } from "../../src/host/system/read-if-present.ts";
import { diffItem } from "../../src/model/diff.ts";
import type { Items } from "../../src/model/items.ts";
import { drift, makeWorld } from "./world.ts";

const DECLARED = "model: # chosen by us\n  default: small\n  provider: nous\n";

function settingsWorld(name = ".hermes/config.yaml") {
  const world = makeWorld();
  const path = `${world.home()}/${name}`;
  mkdirSync(dirname(path), { recursive: true });
  const declared = (text: string, more = {}): Items => ({
    [name]: { ...world.file(path, text, more), write: "merge" },
  });
  return {
    ...world,
    path,
    declared,
    read: () => readFileSync(path, "utf8"),
    /** Sends the declared text as `fleet drift` does. Returns the differences as `key declared observed cause`. */
    differences: (text = DECLARED) => {
      const items = declared(text);
      const [item] = Object.values(items);
      const digest = item?.kind === "file" ? item.want.content : "";
      const seen = world.observe(items, { [digest]: text });
      const observation = seen.observed[name];
      if (item === undefined || observation === undefined) throw new Error("nothing was observed");
      return diffItem(name, item, observation, seen.record).map(
        (one) => `${one.property} ${one.declared} ${one.observed} ${one.cause}`,
      );
    },
    kept: () => listFolder(keptFolder(world.host)),
  };
}

describe("a merged file", () => {
  test("is written as declared if it is missing", () => {
    const { up, declared, read, observe, path } = settingsWorld();
    expect(up(declared(DECLARED)).changed).toEqual([".hermes/config.yaml.type"]);
    expect(read()).toBe(DECLARED);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(drift(observe())).toEqual({});
  });

  test("can have other keys, which are not drift and are not changed", () => {
    const { up, declared, read, path, differences } = settingsWorld();
    up(declared(DECLARED));
    const text = "# hermes\nmodel: {provider: nous, default: small, base_url: x}\nskin: dark # mine\n";
    writeFileSync(path, text);
    expect(differences()).toEqual([]);
    const { ino } = statSync(path);
    expect(up(declared(DECLARED)).changed).toEqual([]);
    expect([read(), statSync(path).ino]).toEqual([text, ino]);
  });

  test("names each key that drifts, and `up` repairs only these keys", () => {
    const { up, declared, read, path, differences, kept } = settingsWorld();
    up(declared(DECLARED));
    writeFileSync(path, "# hermes\nmodel:\n    default: huge   # better\nskin: dark # mine\n");
    expect(differences()).toEqual(["model.default small huge drift", "model.provider nous absent drift"]);
    expect(up(declared(DECLARED)).changed).toEqual([
      ".hermes/config.yaml.model.default",
      ".hermes/config.yaml.model.provider",
    ]);
    expect(read()).toBe(
      '# hermes\nmodel:\n    default: "small"   # better\n    provider: "nous"\nskin: dark # mine\n',
    );
    expect(kept()).toEqual([]);
  });

  test("has a cause for each key", () => {
    const { up, declared, path, differences } = settingsWorld();
    const before = "a: 1\nb: 1\nc: 1\nd: 1\n";
    up(declared(before));
    writeFileSync(path, "a: 2\nb: 1\nc: 2\nd: 1\n");
    expect(differences("a: 1\nb: 3\nc: 3\ne: 1\n")).toEqual([
      "a 1 2 drift",
      "b 3 1 intended",
      "c 3 2 both",
      "e 1 absent intended",
      "d absent 1 intended",
    ]);
  });

  test("loses a key that is no longer declared, unless somebody has changed this key", () => {
    const { up, declared, path, read, observe } = settingsWorld();
    up(declared("a: 1\nb: 1\nm: {x: 1}\n"));
    writeFileSync(path, "# mine\na: 1\nb: 2\nm: {x: 1}\nown: 1\n");
    expect(up(declared("a: 1\n")).changed).toEqual([".hermes/config.yaml.m.x"]);
    expect(read()).toBe("# mine\na: 1\nb: 2\nown: 1\n");
    expect(drift(observe())).toEqual({});
  });

  test("keeps the agent's keys when the file is no longer declared, and is removed if it contained only Muster's keys", () => {
    const { up, declared, path, read, file, home } = settingsWorld();
    const soul = { "SOUL.md": file(`${home()}/SOUL.md`, "# Iris\n") };
    up({ ...soul, ...declared(DECLARED) });
    writeFileSync(path, "# mine\nmodel: {default: small, provider: other}\nown: 1\n");
    up(soul);
    expect(read()).toBe("# mine\nmodel: {provider: other}\nown: 1\n");
    up({ ...soul, ...declared(DECLARED) });
    writeFileSync(path, DECLARED);
    up(soul);
    expect(existsSync(path)).toBe(false);
  });

  test("is restored without Muster's keys if it existed before Muster", () => {
    const world = settingsWorld("settings.json");
    writeFileSync(world.path, '{\n  "own": 1\n}\n', { mode: 0o644 });
    const agent = { id: "hub/iris/agent", type: "Agent" };
    const items = {
      "identity:settings.json": Object.values(world.declared('{"model": "small"}'))[0],
    } as Items;
    world.up(items, agent);
    expect(JSON.parse(world.read())).toEqual({ own: 1, model: "small" });
    world.up({}, agent);
    expect(world.read()).toBe('{\n  "own": 1\n}\n');
    expect(statSync(world.path).mode & 0o777).toBe(0o644);
  });

  test("is refused and not changed if it cannot be parsed", () => {
    const { up, declared, path, read, observe } = settingsWorld();
    up(declared(DECLARED));
    const text = "model: [\n";
    writeFileSync(path, text);
    expect(observe().observed[".hermes/config.yaml"]).toMatchObject({
      props: { content: "not mergeable" },
      refusal: { why: expect.stringMatching(/config\.yaml is not valid YAML: .* \(line \d\)\.$/) },
    });
    expect(() => up(declared("model: x\n"))).toThrow(/config\.yaml is not valid YAML/);
    expect(read()).toBe(text);
  });

  test.each([
    ["c.yaml", Buffer.from([0xff, 0xfe]), /is not UTF-8 text/],
    ["c.yaml", Buffer.alloc(600 * 1024, "#"), /has 600 KiB/],
    ["c.toml", Buffer.from("a = 1\na = 2\n"), /is not valid TOML/],
    ["c.json", Buffer.from('{"a": 1, "a": 2}'), /a key occurs twice/],
    ["c.json", Buffer.from("[".repeat(100_000)), /not valid|too deeply/],
  ])("%s: %# is refused in one sentence", (name, bytes, why) => {
    const { up, declared, path, read } = settingsWorld(name);
    writeFileSync(path, bytes);
    const text = { "c.yaml": "x: 1", "c.toml": "x = 1", "c.json": '{"x": 1}' }[name] ?? "";
    expect(() => up(declared(text))).toThrow(why);
    expect(read()).toBe(bytes.toString());
  });

  test("does not show values that may be secret", () => {
    const { up, declared, path, differences } = settingsWorld();
    const text = "api_key: one\nenv: {A_TOKEN: two, OTHER: three, PLAIN: four}\nhooks: [{auth: five}]\n";
    up(declared(text));
    const key = `sk-${"x".repeat(30)}`;
    writeFileSync(path, `api_key: uno\nenv: {A_TOKEN: dos, OTHER: ${key}}\nhooks: [{auth: cinco}]\n`);
    expect(differences(text)).toEqual([
      "api_key as declared different drift",
      "env.A_TOKEN as declared different drift",
      "env.OTHER as declared different drift",
      "env.PLAIN four absent drift",
      "hooks as declared different drift",
    ]);
  });

  test("is not changed if it was declared as a complete file before", () => {
    const { up, declared, read, path, file, differences } = settingsWorld();
    up({ ".hermes/config.yaml": file(path, `${DECLARED}old: 1\n`, { mode: "0600" }) });
    expect(differences()).toEqual(["old absent 1 intended"]);
    writeFileSync(path, `${DECLARED}old: 1\nmine: 1\n`);
    up(declared(DECLARED));
    expect(read()).toBe(`${DECLARED}mine: 1\n`);
  });

  test("is copied before a value at the path of a declared key is replaced", () => {
    const { up, declared, path, read, kept } = settingsWorld();
    writeFileSync(path, "model: [my, own]\nskin: dark\n");
    const answer = up(declared(DECLARED));
    expect(read()).toBe('model: {default: "small", provider: "nous"}\nskin: dark\n');
    expect(answer.overwritten).toEqual([{ path, kept: expect.stringContaining("config.yaml") }]);
    expect(kept()).toHaveLength(1);
  });

  test("gets its declared mode again without being rewritten", () => {
    const { up, declared, path, observe } = settingsWorld();
    up(declared(DECLARED));
    const { ino } = statSync(path);
    chmodSync(path, 0o644);
    expect(drift(observe())).toEqual({ ".hermes/config.yaml.mode": "0644" });
    up(declared(DECLARED));
    expect([statSync(path).mode & 0o777, statSync(path).ino]).toEqual([0o600, ino]);
  });

  test("can be a link to another file of the agent, and cannot be a hard link", () => {
    const { up, declared, path, home } = settingsWorld();
    writeFileSync(`${home()}/dotfile`, "skin: dark\n");
    symlinkSync("../dotfile", path);
    up(declared("a: 1\n"));
    expect(readFileSync(`${home()}/dotfile`, "utf8")).toBe("skin: dark\na: 1\n");
    const other = settingsWorld();
    writeFileSync(`${other.home()}/dotfile`, "skin: dark\n");
    linkSync(`${other.home()}/dotfile`, other.path);
    expect(() => other.up(other.declared("a: 1\n"))).toThrow(/is a hard link/);
    expect(other.read()).toBe("skin: dark\n");
  });

  test("is completed by the next run if a run was killed", () => {
    const { up, declared, path, read } = settingsWorld();
    up(declared("a: 1\nb: 1\n"));
    writeFileSync(`${dirname(path)}/.config.yaml.muster-new`, "half");
    up(declared("a: 2\n"));
    expect(read()).toBe("a: 2\n");
    expect(listFolder(dirname(path))).toEqual(["config.yaml"]);
  });
});

/**
 * A program that changes its own key in a file all the time. It replaces the file with a rename, as careful programs
 * do.
 */
const WRITER = `
  const fs = require("node:fs");
  const [path, end] = [process.argv[1], Date.now() + 3000];
  let count = 0;
  while (Date.now() < end) {
    const keys = JSON.parse(fs.readFileSync(path, "utf8"));
    if (keys.count !== undefined && keys.count !== count) keys.lost = (keys.lost ?? 0) + 1;
    count += 1;
    fs.writeFileSync(path + ".tmp", JSON.stringify({ ...keys, count, ["own" + (count % 50)]: count }, null, 2));
    fs.renameSync(path + ".tmp", path);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 25);
  }
  console.log(count);
`;

test("if an agent and `up` write at the same time, the file remains valid, and a lost key is reported as drift", async () => {
  const world = settingsWorld("settings.json");
  const text = (value: number) => JSON.stringify({ model: `m${value}`, env: { A: `${value}` } });
  world.up(world.declared(text(0)));
  const writer = spawn(process.execPath, ["-e", WRITER, world.path]);
  let output = "";
  writer.stdout.on("data", (data) => {
    output += data;
  });
  const closed = new Promise((resolve) => writer.on("close", resolve));
  let [round, busy] = [0, 0];
  while (writer.exitCode === null) {
    round += 1;
    try {
      world.up(world.declared(text(round)));
    } catch (error) {
      expect(`${error}`).toContain("its agent changes it all the time");
      busy += 1;
    }
    // Every reader sees a complete file.
    for (let i = 0; i < 5; i += 1) JSON.parse(world.read());
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await closed;
  const before = JSON.parse(world.read()) as Record<string, unknown>;
  const found = world.differences(text(round));
  const isLost = before["model"] !== `m${round}` || JSON.stringify(before["env"]) !== `{"A":"${round}"}`;
  expect(found.length > 0).toBe(isLost);
  world.up(world.declared(text(round)));
  expect(JSON.parse(world.read())).toEqual({ ...before, model: `m${round}`, env: { A: `${round}` } });
  expect(Number(output)).toBeGreaterThan(20);
  expect(round - busy).toBeGreaterThan(2);
  console.log(
    `${output.trim()} writes by the agent, ${round} runs of up, ${busy} gave up, lost ${before["lost"] ?? 0}`,
  );
});
