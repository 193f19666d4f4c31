import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, join } from "node:path";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { canDownload, download } from "../../src/engine/download-engine.ts";
import { holdsEngine } from "../../src/engine/find-engine.ts";
import { type Sandbox, sandbox, script } from "./sandbox.ts";

let box: Sandbox;

beforeEach(() => {
  box = sandbox();
  vi.stubEnv("MUSTER_OFFLINE", undefined);
  vi.stubEnv("PATH", [box.bin, "/usr/bin", "/bin"].join(delimiter));
  return () => vi.unstubAllEnvs();
});

/** Starts a site on loopback that responds to every request with one status. @returns its URL */
async function site(status: number): Promise<string> {
  const server = createServer((_request, response) => response.writeHead(status).end());
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/install.sh`;
}

test("a download counts as possible only if the vendor's site responds with a success status", async () => {
  expect(await canDownload(await site(200))).toBe(true);
  expect(await canDownload(await site(403))).toBe(false);
  expect(await canDownload("http://127.0.0.1:9/install.sh")).toBe(false);
});

test("no site is contacted if MUSTER_OFFLINE is set", async () => {
  vi.stubEnv("MUSTER_OFFLINE", "1");
  expect(await canDownload(await site(200))).toBe(false);
});

test("the launcher in the npm package puts the engine into the given folder", async () => {
  const place = '"$PULUMI_HOME/versions/3.259.0/bin"';
  script(
    join(box.bin, "npm"),
    `[ "$*" = "exec --yes --package=pulumi@3.259.0 -- pulumi version" ] || exit 9
mkdir -p ${place}
for name in pulumi pulumi-language-nodejs; do echo '#!/bin/sh' > ${place}/$name; chmod +x ${place}/$name; done`,
  );
  const dir = await download(box.home, vi.fn());
  expect(dir).toBe(join(box.home, "versions/3.259.0"));
  expect(holdsEngine(dir ?? "")).toBe(true);
});

test("a failed download is reported, and the engine is built instead", async () => {
  script(join(box.bin, "npm"), "echo 'npm error 403 Forbidden' >&2; exit 1");
  const lines: string[] = [];
  expect(await download(box.home, (line) => lines.push(line))).toBeUndefined();
  expect(lines.at(-1)).toBe("the download of the Pulumi engine failed: npm error 403 Forbidden");
});
