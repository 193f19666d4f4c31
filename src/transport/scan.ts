import { MARKER } from "../model/protocol.ts";
import { open } from "./open.ts";
import { scriptSteps } from "./script-steps.ts";
import type { Target } from "./target.ts";

/** Seconds for a script that looks at a whole host. */
const SECONDS = 120;

/** What a script said, and whom it was heard from. */
export interface Scanned {
  readonly answer: string;
  /** The public host keys that answered: those that are pinned, or those of a first contact. */
  readonly hostKeys: readonly string[];
}

export interface ScanOptions {
  /** `root`: it must be one, or become one; `login`: with whichever rights the login has. */
  readonly as: "root" | "login";
  /** Whether a host may be met that has no key pinned: a person is to compare it then. */
  readonly mayMeet: boolean;
}

/**
 * Runs a script that only looks, on a host where nothing of ours needs to be.
 *
 * @param script for /bin/sh, all of it within functions; calls `say` once with its answer, a line
 * @throws HostError; RuntimeError where the script fails
 */
export async function scan(target: Target, script: string, { as, mayMeet }: ScanOptions): Promise<Scanned> {
  const options = mayMeet ? { learnHostKey: () => undefined } : {};
  const { channel, target: met } = await open(target, as === "root" ? "shell" : "plain", options);
  try {
    const step = scriptSteps(channel, met, "it could not be looked at");
    const say = `say() { echo "${MARKER}$*"; }\n`;
    const answer = await step(SECONDS, () => channel.write(`${say}${script}`));
    return { answer, hostKeys: met.hostKeys };
  } finally {
    await channel.close();
  }
}
