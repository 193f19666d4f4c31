/** `npm start`: installs missing programs, runs `up` for the example fleet, and shows its agents. Can be repeated. */
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { InvalidError, MusterError } from "../base/errors.ts";
import { packageRoot, projectDir } from "../base/muster-folders.ts";
import type { Fleet } from "../config/fleet.ts";
import { loadFleet } from "../config/load-fleet.ts";
import { ensureEngine } from "../engine/install-engine.ts";
import { stderrProgress } from "../engine/progress.ts";
import { ensureExampleStack } from "../engine/stack.ts";
import type { OnThisMachine } from "../host-kinds/host-kind.ts";
import { hostKindOf } from "../host-kinds/registry.ts";

/**
 * The stack of the example fleet. This program creates the file and the passphrase of the stack, which are not in git.
 */
const STACK = "example";

async function start(): Promise<number> {
  const project = projectDir();
  if (project === undefined)
    throw new InvalidError({ what: "no project was found", why: "there is no fleet.yaml here." });
  const fleet = loadFleet(join(project, "fleet.yaml"));
  const progress = stderrProgress();
  const kinds = new Set(Object.values(fleet.hosts).flatMap((host) => hostKindOf(host).onThisMachine ?? []));
  for (const kind of kinds) await askForRootOnce(kind);
  await Promise.all([ensureEngine(progress), ...[...kinds].map((kind) => kind.prepare(project, progress))]);
  await ensureExampleStack(project, STACK, madeUpSecrets(fleet), progress);
  const up = run("pulumi", ["up", "--yes", "--skip-preview", "--suppress-outputs", "--stack", STACK]);
  return up === 0 ? run("fleet", ["ps"]) : up;
}

/** Asks for the sudo password if necessary. A run asks no other question, because later steps use `sudo -n`. */
async function askForRootOnce({ what, mayActAsRoot }: OnThisMachine): Promise<void> {
  if (await mayActAsRoot()) return;
  process.stderr.write(
    `${what[0]?.toUpperCase()}${what.slice(1)} need root once to boot; sudo might ask for your password.\n`,
  );
  if (spawnSync("sudo", ["-v"], { stdio: "inherit" }).status === 0) return;
  throw new MusterError({
    what: `${what} cannot be booted`,
    why: "sudo was refused.",
    next: "Run `sudo -v`, then `npm start` again, or declare hosts of `kind: ssh`.",
  });
}

/**
 * Creates a random value for every secret in the stack's configuration. Random values are enough, because the example's
 * agents call no provider.
 */
function madeUpSecrets(fleet: Fleet): Record<string, string> {
  const names = Object.values(fleet.credentials).flatMap(({ from }) => /^config:(.+)$/.exec(from)?.[1] ?? []);
  return Object.fromEntries(names.map((name) => [name, `made-up-${randomBytes(18).toString("base64url")}`]));
}

function run(program: string, args: readonly string[]): number {
  return spawnSync(join(packageRoot(), "bin", program), args, { stdio: "inherit" }).status ?? 1;
}

try {
  process.exitCode = await start();
} catch (error) {
  if (!(error instanceof MusterError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error instanceof InvalidError ? 2 : 1;
}
