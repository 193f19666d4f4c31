import { MARKER } from "../model/protocol.ts";
import { open } from "./open.ts";
import { scriptSteps } from "./script-steps.ts";
import type { Target } from "./target.ts";

/** Seconds that a script may take to examine a host. */
const SECONDS = 120;

/** A script's answer, and the keys of the host that sent it. */
export interface Scanned {
  readonly answer: string;
  /** The host's public keys: the pinned ones, or those that were learned on first contact. */
  readonly hostKeys: readonly string[];
}

export interface ScanOptions {
  /** `root`: the script must run as root; `login`: the script runs with the login's own rights. */
  readonly as: "root" | "login";
  /** Whether to contact a host that has no pinned key. If so, a person must compare the key afterwards. */
  readonly allowFirstContact: boolean;
}

/**
 * Runs a script that changes nothing on a host. The host does not need a runtime.
 *
 * @param script a script for /bin/sh that consists of functions, and calls `say` once with a one-line answer
 * @throws HostError if the host cannot be reached; RuntimeError if the script fails
 */
export async function scan(
  target: Target,
  script: string,
  { as, allowFirstContact }: ScanOptions,
): Promise<Scanned> {
  const options = allowFirstContact ? { learnHostKey: () => undefined } : {};
  const { channel, target: reached } = await open(target, as === "root" ? "shell" : "plain", options);
  try {
    const step = scriptSteps(channel, reached, "it could not be examined");
    const say = `say() { echo "${MARKER}$*"; }\n`;
    const answer = await step(SECONDS, () => channel.write(`${say}${script}`));
    return { answer, hostKeys: reached.hostKeys };
  } finally {
    await channel.close();
  }
}
