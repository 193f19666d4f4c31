import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename } from "node:path";
import { describe, expect, test } from "vitest";
import type { Host } from "../../../src/host/context.ts";
import { supply } from "../../../src/host/installations/archives.ts";
import { install } from "../../../src/host/installations/install.ts";
import { parsePinned } from "../../../src/host/installations/parse-pinned.ts";
import type { RunProgram } from "../../../src/host/system/run-program.ts";
import { digestOf } from "../../../src/model/digest.ts";
import { installationName, type Pinned, pinnedText } from "../../../src/model/installation.ts";
import type { InstallationItem, Items } from "../../../src/model/items.ts";
import { sha512, type TarEntry, tarball } from "../../doubles/archives.ts";
import { drift, makeWorld, type World } from "../world.ts";

/** Runs `--version` directly instead of in a unit of systemd; locks and systemd are not needed here. */
const runs: RunProgram = (program, args, options) => {
  if (program !== "systemd-run") return { status: 0, stdout: "", stderr: "" };
  const { spawnSync } = process.getBuiltinModule("node:child_process");
  const [path = "", ...rest] = args.slice(args.indexOf("--") + 1);
  const { status, stdout, stderr } = spawnSync(path, rest, {
    encoding: "utf8",
    timeout: (options?.timeout ?? 60) * 1000,
  });
  return { status, stdout, stderr };
};

interface Version {
  readonly text: string;
  readonly bytes: Buffer;
  readonly item: InstallationItem;
  readonly folder: string;
}

/** Returns a version of a program that prints its own version. */
function version(
  { host }: World,
  number: string,
  files: readonly TarEntry[] = program(number),
  unwanted?: readonly string[],
): Version {
  const bytes = tarball(files);
  const pinned: Pinned = {
    ...{ from: "npm", package: "demo", version: number, program: "demo", file: "node_modules/demo/demo" },
    ...(unwanted && { unwanted }),
    archives: [
      { name: "demo", version: number, integrity: sha512(bytes), folder: "node_modules/demo" },
      { name: "other", version: "1", integrity: sha512(Buffer.from("other")), folder: "x", cpu: ["arm64"] },
    ],
  };
  const text = pinnedText(pinned);
  const integrity = digestOf(text);
  const folder = `${host.paths.installations}/demo/${installationName(number, integrity)}`;
  return {
    text,
    bytes,
    folder,
    item: { kind: "installation", name: "demo", want: { version: number, integrity } },
  };
}

function program(number: string, last = `echo ${number}`): TarEntry[] {
  return [{ name: "package/demo", text: `#!/bin/sh\n${last}\n`, mode: 0o755 }];
}

function send(host: Host, bytes: Buffer, integrity: string = sha512(bytes)): void {
  const half = Math.floor(bytes.length / 2);
  const parts = [bytes.subarray(0, half), bytes.subarray(half)];
  for (const [i, part] of parts.entries())
    supply(host, {
      op: "supply",
      integrity,
      isFirst: i === 0,
      isLast: i === 1,
      bytes: part.toString("base64"),
    });
}

const ask = (host: Host, { text }: Version) =>
  install(host, { op: "install", name: "demo", pinned: text, urls: {} }, process.pid, "x64");

async function installed(world: World, one: Version): Promise<void> {
  send(world.host, one.bytes);
  expect(await ask(world.host, one)).toEqual({ missing: [] });
}

const itemsOf = (one: Version): Items => ({ demo: one.item });

const worldWithInstallations = () =>
  makeWorld(undefined, runs, { id: "hub/demo/installation", type: "Installation" });

describe("an installation", () => {
  test("requests the archives that the host needs, and is complete when the archives have arrived", async () => {
    const world = worldWithInstallations();
    const one = version(world, "1.0.0");
    expect(await ask(world.host, one)).toEqual({ missing: [sha512(one.bytes)] });
    expect(drift(world.observe(itemsOf(one)))).toEqual({ "demo.version": "absent" });
    await installed(world, one);
    expect(drift(world.observe(itemsOf(one)))).toEqual({});
    expect(runs("systemd-run", ["--", `${one.folder}/bin/demo`]).stdout).toBe("1.0.0\n");
    expect(readdirSync(world.host.paths.archives)).toEqual([]);
  });

  test("omits the files that are not wanted", async () => {
    const world = worldWithInstallations();
    const files = [...program("1.0.0", "test ! -e $0.pending"), { name: "package/demo.pending", text: "" }];
    const one = version(world, "1.0.0", files, ["node_modules/demo/demo.pending"]);
    await installed(world, one);
    expect(existsSync(`${one.folder}/node_modules/demo/demo.pending`)).toBe(false);
    expect(drift(world.observe(itemsOf(one)))).toEqual({});
    const outside = one.text.replace("node_modules/demo/demo.pending", "../../demo.pending");
    expect(() => parsePinned("demo", outside)).toThrow(/its pinned version is invalid/);
  });

  test("refuses an archive with another digest", () => {
    const { host } = worldWithInstallations();
    const bytes = tarball(program("1.0.0"));
    const expected = sha512(Buffer.from("something else"));
    expect(() => send(host, bytes, expected)).toThrow(
      /was refused: the bytes that arrived have another digest/,
    );
    expect(readdirSync(`${host.paths.archives}/${process.pid}`)).toEqual([]);
  });

  test("requests an archive again if the archive was changed on the host's disk", async () => {
    const world = worldWithInstallations();
    const one = version(world, "1.0.0");
    send(world.host, one.bytes);
    const store = `${world.host.paths.archives}/${process.pid}`;
    appendFileSync(`${store}/${readdirSync(store)[0]}`, "x");
    expect(await ask(world.host, one)).toEqual({ missing: [sha512(one.bytes)] });
  });

  test("fails if the program is a wrapper that does not run, and the last version is kept", async () => {
    const world = worldWithInstallations();
    const [one, stub] = [
      version(world, "1.0.0"),
      version(world, "2.0.0", program("2.0.0", "echo no native part >&2; exit 1")),
    ];
    await installed(world, one);
    send(world.host, stub.bytes);
    await expect(ask(world.host, stub)).rejects.toThrow(
      /demo 2\.0\.0 was not installed: `demo --version` failed on the host: no native part/,
    );
    expect(
      readdirSync(`${world.host.paths.installations}/demo`).filter((name) => !name.startsWith(".")),
    ).toEqual([basename(one.folder)]);
  });

  test("fails if the archive does not contain the program", async () => {
    const world = worldWithInstallations();
    const one = version(world, "1.0.0", [{ name: "package/other", text: "x" }]);
    send(world.host, one.bytes);
    await expect(ask(world.host, one)).rejects.toThrow(
      /its archives do not contain node_modules\/demo\/demo/,
    );
    expect(existsSync(one.folder)).toBe(false);
  });

  test.each([
    ["name", { version: "../../etc" }],
    [
      "folder",
      { archives: [{ name: "a", version: "1", integrity: sha512(Buffer.from("")), folder: "../../etc" }] },
    ],
    ["program", { program: "../sh" }],
    ["file", { file: "/bin/sh" }],
  ])("is refused if its %s would lead out of its folder", (_, change) => {
    const world = worldWithInstallations();
    const text = JSON.stringify({ ...JSON.parse(version(world, "1.0.0").text), ...change });
    expect(() => parsePinned("demo", text)).toThrow(/its pinned version is invalid/);
  });
});

describe("a changed installation", () => {
  test.each<[string, (folder: string) => void, string]>([
    [
      "a changed file",
      (folder) => appendFileSync(`${folder}/node_modules/demo/demo`, "# x\n"),
      "changed: node_modules/demo/demo",
    ],
    ["an added file", (folder) => writeFileSync(`${folder}/new`, ""), "changed: new"],
    ["a removed file", (folder) => rmSync(`${folder}/bin/demo`), "changed: bin/demo"],
    [
      "a file in place of a folder",
      (folder) => replaceByFile(`${folder}/node_modules`),
      "changed: node_modules, node_modules/demo, node_modules/demo/demo",
    ],
  ])("is found and repaired file by file: %s", async (_, change, message) => {
    const world = worldWithInstallations();
    const one = version(world, "1.0.0");
    await installed(world, one);
    world.up(itemsOf(one));
    const before = statSync(one.folder).ino;
    change(one.folder);
    expect(drift(world.observe(itemsOf(one)))).toEqual({ "demo.integrity": message });
    await installed(world, one);
    expect(drift(world.observe(itemsOf(one)))).toEqual({});
    expect(statSync(one.folder).ino).toBe(before);
    expect(readFileSync(`${one.folder}/node_modules/demo/demo`, "utf8")).toBe("#!/bin/sh\necho 1.0.0\n");
  });

  test("is not reported if a file was rewritten with the same content, as after a copy of the disk", async () => {
    const world = worldWithInstallations();
    const one = version(world, "1.0.0");
    await installed(world, one);
    const file = `${one.folder}/node_modules/demo/demo`;
    writeFileSync(file, readFileSync(file));
    expect(drift(world.observe(itemsOf(one)))).toEqual({});
  });
});

describe("the versions on a host", () => {
  const names = ({ host }: World) =>
    existsSync(`${host.paths.installations}/demo`)
      ? readdirSync(`${host.paths.installations}/demo`).sort()
      : [];

  test("are the declared version and the previous version, even after a downgrade", async () => {
    const world = worldWithInstallations();
    const all = ["1.0.0", "2.0.0", "3.0.0"].map((number) => version(world, number));
    const [one, two, three] = all as [Version, Version, Version];
    for (const next of [one, two, one, three]) {
      await installed(world, next);
      world.up(itemsOf(next));
    }
    expect(names(world)).toEqual([basename(one.folder), basename(three.folder)]);
    expect(drift(world.observe(itemsOf(two)))).toEqual({ "demo.version": "3.0.0" });
  });

  test("include a version from which a unit starts a program, until the unit is removed", async () => {
    const world = worldWithInstallations();
    const all = ["1.0.0", "2.0.0", "3.0.0"].map((number) => version(world, number));
    const [one] = all as [Version];
    mkdirSync(world.host.paths.units, { recursive: true });
    const unit = `${world.host.paths.units}/muster-agent-iris.service`;
    for (const next of all) {
      await installed(world, next);
      world.up(itemsOf(next));
      writeFileSync(unit, `[Service]\nExecStart=${one.folder}/bin/demo\n`);
    }
    expect(names(world)).toHaveLength(3);
    rmSync(unit);
    world.down(itemsOf(all[2] as Version));
    expect(names(world)).toEqual([]);
  });

  test("include a version that another resource of the same run has just installed", async () => {
    const world = worldWithInstallations();
    const one = version(world, "1.0.0");
    await installed(world, one);
    world.up({
      tmp: {
        kind: "directory",
        path: `${world.dir}/made`,
        want: { type: "directory", owner: "iris", group: "iris", mode: "0700" },
      },
    });
    expect(names(world)).toContain(basename(one.folder));
  });

  test("do not include temporary folders that killed runs have left", async () => {
    const world = worldWithInstallations();
    const one = version(world, "1.0.0");
    await installed(world, one);
    const dead = 2 ** 22 + 1;
    mkdirSync(`${world.host.paths.installations}/demo/.new-${dead}/half`, { recursive: true });
    mkdirSync(`${world.host.paths.archives}/${dead}`, { recursive: true });
    world.up(itemsOf(one));
    expect(names(world)).toEqual([basename(one.folder)]);
    expect(existsSync(`${world.host.paths.archives}/${dead}`)).toBe(false);
  });
});

function replaceByFile(path: string): void {
  rmSync(path, { recursive: true });
  writeFileSync(path, "");
}
