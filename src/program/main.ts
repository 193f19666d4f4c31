/** The Pulumi program, which the language host runs. */
import { log, RunError } from "@pulumi/pulumi";
import { ENGINE_DEFAULTS } from "../base/engine-defaults.ts";
import { MusterError } from "../base/errors.ts";
import { type Deployed, deployFleet } from "./deploy-fleet.ts";
import { endWithEngine } from "./end-with-engine.ts";

// The SDK captures a stack trace for every promise and resource, which takes a third of its time. Users never
// see one.
Error.stackTraceLimit = 0;

/**
 * Warns if the program was not started by Muster's `pulumi`. Another one works too, but handles unreachable
 * hosts and large fleets less well.
 */
async function warnUnset(): Promise<void> {
  const unset = Object.entries(ENGINE_DEFAULTS).filter(([name]) => process.env[name] === undefined);
  if (unset.length === 0) return;
  const variables = unset.map(([name, value]) => `${name}=${value}`).join(" ");
  await log.warn(`this \`pulumi\` is not the project's own, so it lacks ${variables}. Use \`npx pulumi\`.`);
}

async function run(): Promise<Deployed> {
  try {
    void warnUnset();
    return await deployFleet();
  } catch (error) {
    // The SDK prints only the message of a RunError; for other errors it adds where in the code they were
    // thrown.
    throw error instanceof MusterError ? new RunError(error.message) : error;
  }
}

endWithEngine();
/** The stack's outputs: Pulumi takes their names from this export. */
export const { hosts, agents } = await run();
