import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { vi } from "vitest";
import { cacheDir } from "../../../src/base/muster-folders.ts";
import { withProcessLock } from "../../../src/base/process-lock.ts";
import { goEnv, removeOwnCaches, usableGo } from "../../../src/engine/go-toolchain.ts";
import { type Progress, stderrProgress, withProgress } from "../../../src/engine/index.ts";
import { freePort, PASSWORD, type StateServer, serve } from "./state-server.ts";

const MODULE = join(import.meta.dirname, "s3");
const PROGRAM = "github.com/versity/versitygw/cmd/versitygw";
const BUCKET = "team";

/** Starts versitygw, a real S3 server that stores its buckets in a folder. */
export async function s3(): Promise<StateServer> {
  const program = await build();
  const dir = mkdtempSync(join(tmpdir(), "muster-s3-"));
  const bucket = join(dir, BUCKET);
  mkdirSync(bucket);
  const port = await freePort();
  const stop = serve(program, ["--quiet", "--port", `127.0.0.1:${port}`, "posix", dir], {
    env: { ROOT_ACCESS_KEY: "tester", ROOT_SECRET_KEY: PASSWORD },
  });
  await vi.waitFor(() => fetch(`http://127.0.0.1:${port}`), { timeout: 30_000, interval: 200 });
  const urlOf = (name: string) =>
    `s3://${name}?region=us-east-1&endpoint=http://127.0.0.1:${port}&s3ForcePathStyle=true`;
  return {
    url: urlOf(BUCKET),
    env: { AWS_ACCESS_KEY_ID: "tester", AWS_SECRET_ACCESS_KEY: PASSWORD },
    missing: urlOf("nobody"),
    get: async (key) => (existsSync(join(bucket, key)) ? readFileSync(join(bucket, key), "utf8") : ""),
    put: async (key, text) => {
      mkdirSync(dirname(join(bucket, key)), { recursive: true });
      writeFileSync(join(bucket, key), text);
    },
    lose: async () => rmSync(join(bucket, ".pulumi"), { recursive: true }),
    stop: async () => {
      await stop();
      rmSync(dir, { recursive: true });
    },
  };
}

/** Builds versitygw once in the cache folder, in the version that s3/go.mod pins. */
async function build(): Promise<string> {
  const version = /versitygw (\S+)/.exec(readFileSync(join(MODULE, "go.mod"), "utf8"))?.[1];
  const program = join(cacheDir(), "tests", `versitygw-${version}`);
  const progress = stderrProgress();
  const reportWaiting = (pid: number) =>
    progress(`waiting for process ${pid}, which is building an S3 server`);
  // Two test files can build simultaneously. Without the lock, the first to finish would remove the other's modules.
  await withProcessLock(`${program}.lock`, reportWaiting, async () => {
    if (!existsSync(program)) await buildAs(program, progress);
  });
  return program;
}

async function buildAs(program: string, progress: Progress): Promise<void> {
  const go = await usableGo();
  const staged = `${program}.${process.pid}`;
  const flags = ["-trimpath", "-mod=readonly", "-buildvcs=false", "-ldflags", "-s -w", "-o", staged];
  const work = execa(go, ["build", ...flags, PROGRAM], { cwd: MODULE, env: goEnv() });
  await withProgress(progress, "building an S3 server for the tests", "about 2 min on 2 cores", work);
  renameSync(staged, program);
  await removeOwnCaches(go);
}
