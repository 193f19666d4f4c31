import { spawn } from "node:child_process";
import { once } from "node:events";
import { MusterError, UnreachableError } from "../../base/errors.ts";
import { knownHosts } from "../../transport/known-hosts.ts";
import { sshArguments } from "../../transport/ssh-arguments.ts";
import type { Target } from "../../transport/target.ts";
import type { CommandDefinition } from "../command.ts";
import { reachableTarget } from "../connections.ts";
import { openFleet } from "../open-fleet.ts";
import { assertDeclared } from "../selection.ts";

export const command: CommandDefinition = {
  usage: "ssh <host> [command...]",
  summary:
    "open a shell on a host, or run the command after `--`; checks the pinned key and exits with ssh's exit code",
  options: {},
  async run({ args }) {
    const [host = "", ...words] = args;
    const fleet = openFleet();
    assertDeclared("host", host, fleet.hosts);
    const target = await reachableTarget(fleet, host);
    if (target.hostKeys.length === 0) throw noPinnedKey(host);
    return [await runSsh(target, words)];
  },
};

async function runSsh(target: Target, words: readonly string[]): Promise<number> {
  const known = knownHosts(target);
  try {
    const args = [...terminalOption(words), ...sshArguments(target, known.path), ...words];
    const child = spawn("ssh", args, { stdio: "inherit" });
    const [code] = (await once(child, "close")) as [number | null];
    return code ?? 1;
  } catch (error) {
    const why = error instanceof Error ? `${error.message}.` : String(error);
    throw new MusterError({
      what: "ssh cannot be started",
      why,
      next: "Install it: `sudo apt-get install openssh-client`.",
    });
  } finally {
    known.remove();
  }
}

/**
 * Requests a terminal on the host if a person runs a command in a terminal. Without a command, ssh does this itself.
 */
function terminalOption(words: readonly string[]): string[] {
  return words.length > 0 && process.stdin.isTTY && process.stdout.isTTY ? ["-t"] : [];
}

function noPinnedKey(host: string): UnreachableError {
  return new UnreachableError({
    where: host,
    what: "it was not contacted",
    why: "no host key is pinned for it yet.",
    next: "Run `npx pulumi up`, which pins the key on first contact.",
  });
}
