import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readRecords } from "../../src/host/store/records.ts";
import { withHostLock, withResourceLock } from "../../src/host/system/locks.ts";
import { makeWorld } from "./world.ts";

const RUN = join(import.meta.dirname, "../fixtures/stack-run.ts");
const AGENTS = ["iris", "loom", "forge", "spark"];

test("stacks that change one host at the same time lose no record and no stored content", async () => {
  const { host, home } = makeWorld();
  const { run: _, ...plain } = host;
  const ended = await Promise.all(
    AGENTS.map(async (agent) => {
      const args = ["--no-warnings", RUN, JSON.stringify(plain), `arc/${agent}`, agent, home()];
      const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
      return ((await once(child, "close")) as [number])[0];
    }),
  );
  expect(ended).toEqual(AGENTS.map(() => 0));
  const records = readRecords(host);
  const left = AGENTS.flatMap((agent) => [1, 3, 5, 7, 9, 11].map((n) => `hub/${agent}-${n}/agent`));
  expect(records.map(({ id }) => id).sort()).toEqual(left.sort());
  const named = new Set(JSON.stringify(records).match(/(?<=sha256:)[0-9a-f]{64}/g));
  expect([...named].filter((digest) => !existsSync(join(host.paths.contents, digest)))).toEqual([]);
}, 60_000);

test("changes to two resources and to the host can run at the same time", () => {
  const { host } = makeWorld();
  const done: string[] = [];
  withResourceLock(host, "hub/iris/agent", () =>
    withResourceLock(host, "hub/loom/agent", () => withHostLock(host, () => done.push("all at once"))),
  );
  expect(done).toEqual(["all at once"]);
});
