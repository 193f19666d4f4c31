import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { execa } from "execa";
import { onTestFinished } from "vitest";
import { ENGINE_VERSION } from "../../src/engine/engine-version.ts";

export const ROOT = join(import.meta.dirname, "../..");

/**
 * A temporary home, a folder for PATH, and the environment of a new machine without a network, in which only PATH and
 * HOME are set.
 */
export interface Sandbox {
  home: string;
  bin: string;
  launcher: string;
  env: Record<string, string>;
}

export function sandbox(): Sandbox {
  const dir = mkdtempSync(join(tmpdir(), "muster-engine-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));
  const [home, bin] = [join(dir, "home"), join(dir, "bin")];
  for (const folder of [home, bin]) mkdirSync(folder);
  const env = { PATH: [bin, "/usr/bin", "/bin"].join(delimiter), HOME: home, MUSTER_OFFLINE: "1" };
  return { home, bin, env, launcher: join(home, ".pulumi/versions", ENGINE_VERSION) };
}

/** Writes an executable shell script. */
export function script(file: string, body: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
}

/**
 * Writes a fake engine that prints its version, and that runs `body` for every other command. Its language host is in
 * the same folder.
 */
export function standInEngine(bin: string, version = ENGINE_VERSION, body = ""): void {
  script(join(bin, "pulumi"), `if [ "$1" = version ]; then echo v${version}; exit; fi\n${body}`);
  script(join(bin, "pulumi-language-nodejs"), "exit");
}

/** Runs a source file, or code that imports sources, in a new process with `env` as its complete environment. */
export function node(args: string[], env: Record<string, string>, cwd = ROOT) {
  return run(process.execPath, ["--no-warnings", ...args], env, cwd);
}

/** Runs a program with `env` as its complete environment, and kills it when the test ends. */
export function run(program: string, args: string[], env: Record<string, string>, cwd = ROOT) {
  const child = execa(program, args, { extendEnv: false, reject: false, env, cwd });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

/**
 * Returns the arguments with which `node` runs `body`, where `m` has the exports of a module of src/engine.
 */
export function code(module: string, body: string): string[] {
  const url = join(ROOT, "src/engine", module);
  return ["--input-type=module", "--eval", `import * as m from ${JSON.stringify(url)};\n${body}`];
}

/** Creates a project with its own state in the sandbox's home. @returns its folder */
export function projectIn(box: Sandbox): string {
  const project = join(box.home, "project");
  mkdirSync(join(project, "stacks"), { recursive: true });
  writeFileSync(
    join(project, "Pulumi.yaml"),
    "name: fleet\nmain: dist/program.mjs\nstackConfigDir: stacks\nbackend: {url: 'file://./.state'}\n",
  );
  return project;
}
