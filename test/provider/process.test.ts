import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, expect, it } from "vitest";
import { connectEngine } from "../doubles/engine.ts";
import { inputsOf, SOUL, urnOf } from "./rig.ts";

const MAIN = join(import.meta.dirname, "../../src/provider/main.ts");

let project: string;
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), "muster-provider-"));
});
afterEach(() => rmSync(project, { recursive: true }));

/** Starts the provider as the engine does, and waits for its port. */
async function start() {
  const child = execa(process.execPath, ["--no-warnings", MAIN], {
    env: { MUSTER_PROJECT: project },
    reject: false,
  });
  const port = await new Promise<number>((resolve) =>
    child.stdout.once("data", (line) => resolve(Number(line))),
  );
  return { child, port };
}

it.each(["SIGINT", "SIGTERM"] as const)(
  "the provider exits with code 0 on %s, and prints only its port",
  async (signal) => {
    const { child, port } = await start();
    child.kill(signal);
    expect(await child).toMatchObject({ exitCode: 0, stdout: `${port}`, stderr: "" });
  },
);

it("the provider exits if the engine is killed and stdin closes", async () => {
  const { child } = await start();
  child.stdin.end();
  expect((await child).exitCode).toBe(0);
});

it("a request for an unknown host fails with the host's name, and no host is contacted", async () => {
  const { child, port } = await start();
  const engine = await connectEngine(port);
  const inputs = inputsOf("hub/a/agent", { "SOUL.md": SOUL });
  const refused = engine.delete(urnOf("Agent", "hub/a/agent"), "hub/a/agent", inputs);
  await expect(refused).rejects.toMatchObject({ code: 3, details: expect.stringContaining('no host "hub"') });
  engine.close();
  child.kill("SIGTERM");
  expect((await child).exitCode).toBe(0);
});
