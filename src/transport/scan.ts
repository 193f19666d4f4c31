import { MARKER } from "../model/protocol.ts";
import { open } from "./open.ts";
import { scriptSteps } from "./script.ts";
import type { Target } from "./target.ts";

/** Seconds for a script that looks at a whole host. */
const SECONDS = 120;

/** What a script said, and whom it was heard from. */
export interface Scanned {
  readonly answer: string;
  /** The public host keys that answered: those that are pinned, or those of a first contact. */
  readonly hostKeys: readonly string[];
}

/**
 * Runs a script that only looks, in a root shell on a host where nothing of ours needs to be. A host that was never
 * met is met: it is for a person to compare its key before anything is made of the answer.
 *
 * @param script for /bin/sh, all of it within functions; calls `say` once with its answer
 * @throws HostError; RuntimeError where the script fails
 */
export async function scan(target: Target, script: string): Promise<Scanned> {
  const { channel, target: met } = await open(target, "shell", { learnHostKey: () => undefined });
  try {
    const step = scriptSteps(channel, met, "it could not be looked at");
    const say = `say() { echo "${MARKER}$*"; }\n`;
    const answer = await step(SECONDS, () => channel.write(`${say}${script}`));
    return { answer, hostKeys: met.hostKeys };
  } finally {
    await channel.close();
  }
}
