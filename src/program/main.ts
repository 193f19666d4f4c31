/** The Pulumi program: what the language host runs. */
import { log, RunError } from "@pulumi/pulumi";
import { ENGINE_DEFAULTS } from "../base/engine-defaults.ts";
import { MusterError } from "../base/errors.ts";
import { type Deployed, deployFleet } from "./deploy-fleet.ts";
import { endWithEngine } from "./end-with-engine.ts";

// The SDK takes a stack trace for every promise and resource, a third of its time; no person is shown one.
Error.stackTraceLimit = 0;

/** A `pulumi` from elsewhere works, and treats hosts that are away, or many hosts, worse than ours. */
async function tellUnset(): Promise<void> {
  const unset = Object.entries(ENGINE_DEFAULTS).filter(([name]) => process.env[name] === undefined);
  if (unset.length === 0) return;
  const variables = unset.map(([name, value]) => `${name}=${value}`).join(" ");
  await log.warn(`this is not the project's own pulumi, so unset are ${variables}. Use \`npx pulumi\`.`);
}

async function run(): Promise<Deployed> {
  try {
    void tellUnset();
    return await deployFleet();
  } catch (error) {
    // The SDK prints the message of a RunError alone, and of any other error where in our code it was thrown.
    throw error instanceof MusterError ? new RunError(error.message) : error;
  }
}

endWithEngine();
/** The stack's outputs, by the names that they are exported with. */
export const { hosts, agents } = await run();
