import type { Channel } from "./channel.ts";
import { UNINSTALL_SCRIPT } from "./install-script.ts";
import type { RemoteDirs } from "./remote-command.ts";
import { scriptSteps } from "./script-steps.ts";
import type { Target } from "./target.ts";

/** Seconds for the whole removal. */
const SECONDS = 60;

/** Removes the runtime and its state through a root shell. Both are kept if the host still has records. */
export async function uninstall(channel: Channel, target: Target, dirs: RemoteDirs): Promise<void> {
  const step = scriptSteps(channel, target, "the host runtime could not be removed");
  await step(SECONDS, () => channel.write(UNINSTALL_SCRIPT));
  await step(SECONDS, () => channel.write(`${dirs.runtime} ${dirs.state} ${dirs.lock}\n`));
}
