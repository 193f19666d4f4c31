import { MARKER } from "../model/protocol.ts";
import { scriptSteps } from "./script-steps.ts";
import { open } from "./start-remote-program.ts";
import type { Target } from "./target.ts";

/** The maximum time in seconds for a script that examines a host. */
const SECONDS = 120;

/** The answer of a script, and the public keys of the host on which the script ran. */
export interface Scanned {
  readonly answer: string;
  /**
   * The public keys of the host. These are the pinned keys or, after a first contact, the keys that were
   * learned.
   */
  readonly hostKeys: readonly string[];
}

export interface ScanOptions {
  /** `root`: the script runs as root. `login`: the script runs as the login. */
  readonly as: "root" | "login";
  /** Whether to contact a host that has no pinned key. After this contact, a person must compare the key. */
  readonly allowFirstContact: boolean;
}

/**
 * Runs a script that changes nothing on a host. The host does not need a runtime.
 *
 * @param script a script for /bin/sh that consists of functions, and calls `say` once with a one-line answer
 * @throws HostError if the host is unreachable; RuntimeError if the script fails
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
