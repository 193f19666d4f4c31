import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import type { Changes } from "./answers.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");
const MAIN = join(ROOT, "src", "cli", "main.ts");

/** A project in a temporary folder, with a fake `ssh` that responds like the hosts. */
export interface Sandbox {
  readonly dir: string;
  /** Sets the changes on each host since `up`, or makes the host unreachable. */
  hosts(hosts: Readonly<Record<string, Changes | "away">>): void;
  fleet(
    ...args: readonly string[]
  ): Promise<{ readonly code: number; readonly out: string; readonly err: string }>;
  /** Runs the command in a terminal, as a person does. */
  fleetInTerminal(...args: readonly string[]): Promise<void>;
  /** Returns the arguments of every `ssh` that was started, and every request that it received. */
  calls(): string[];
  remove(): void;
}

/** Creates a sandbox. @param files texts by path in the project */
export function makeSandbox(files: Readonly<Record<string, string>> = {}): Sandbox {
  const base = mkdtempSync(join(tmpdir(), "muster-cli-"));
  const [dir, bin] = [join(base, "my-fleet"), join(base, "bin")];
  mkdirSync(dir);
  mkdirSync(bin);
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, file)), { recursive: true });
    writeFileSync(join(dir, file), text);
  }
  const runtime = join(import.meta.dirname, "runtime.ts");
  const ssh = `#!/bin/sh\nexec "${process.execPath}" --no-warnings "${runtime}" "${bin}" "$@"\n`;
  writeFileSync(join(bin, "ssh"), ssh);
  chmodSync(join(bin, "ssh"), 0o755);
  writeFileSync(join(bin, "hosts.json"), "{}");
  return {
    dir,
    hosts: (hosts) => writeFileSync(join(bin, "hosts.json"), JSON.stringify(hosts)),
    calls: () => linesOf(join(bin, "calls")),
    fleet: (...args) => runFleet(args, dir, base, bin),
    fleetInTerminal: async (...args) => {
      const command = [process.execPath, "--no-warnings", MAIN, ...args].map((word) => `'${word}'`).join(" ");
      const env = { PATH: `${bin}:${process.env["PATH"]}`, HOME: base };
      const options = { cwd: dir, reject: false, extendEnv: false, env, stdin: "ignore" } as const;
      await execa("script", ["-qec", command, "/dev/null"], options);
    },
    remove: () => rmSync(base, { recursive: true, force: true }),
  };
}

/** Builds the host runtime if it is missing, because `fleet drift` compares it with the host's runtime. */
export async function ensureBuilt(): Promise<void> {
  if (existsSync(join(ROOT, "dist", "host.mjs"))) return;
  await execa(process.execPath, [join(ROOT, "scripts", "build.ts")]);
}

async function runFleet(args: readonly string[], cwd: string, home: string, bin: string) {
  const { exitCode, stdout, stderr } = await execa(process.execPath, ["--no-warnings", MAIN, ...args], {
    cwd,
    reject: false,
    extendEnv: false,
    env: { PATH: `${bin}:${process.env["PATH"]}`, HOME: home },
    stdin: "ignore",
  });
  return { code: exitCode ?? -1, out: stdout, err: stderr };
}

function linesOf(file: string): string[] {
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  return text.split("\n").filter((line) => line !== "");
}
