import { MARKER } from "../model/protocol.ts";
import { open } from "./open.ts";
import { scriptSteps } from "./script-steps.ts";
import type { Target } from "./target.ts";

/** Seconds that a script may take to examine a host. */
const SECONDS = 120;

/** The answer of a script, and the keys of the host that answered. */
export interface Scanned {
  readonly answer: string;
  /** The host's public keys: the pinned ones, or those that were learned on first contact. */
  readonly hostKeys: readonly string[];
}

export interface ScanOptions {
  /** `root`: the script must run as root; `login`: it runs with the rights of the login. */
  readonly as: "root" | "login";
  /** Whether to contact a host that has no pinned key. A person must then compare the key. */
  readonly allowFirstContact: boolean;
}

/**
 * Runs a script that only reads, on a host that does not need a runtime.
 *
 * @param script for /bin/sh; consists of functions, and calls `say` once with its answer, which is one line
 * @throws HostError; RuntimeError if the script fails
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
