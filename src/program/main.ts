/** The Pulumi program, which the language host runs. */
import { ENGINE_DEFAULTS } from "../base/engine-defaults.ts";
import { MusterError } from "../base/errors.ts";
import { type Deployed, deployFleet, prepareFleet } from "./deploy-fleet.ts";
import { endWithEngine } from "./end-with-engine.ts";
import { log, RunError } from "./pulumi-sdk.ts";

// The stack traces of all promises and resources would take a third of the SDK's time, and users never see these
// traces.
Error.stackTraceLimit = 0;
// The SDK raises the limit while it registers a resource. Without the next line, it would also parse source maps.
Reflect.deleteProperty(Error, "prepareStackTrace");

/**
 * Warns if a `pulumi` other than Muster's started the program. Such a `pulumi` also works, but handles unreachable
 * hosts and large fleets less well.
 */
async function warnUnset(): Promise<void> {
  const unset = Object.entries(ENGINE_DEFAULTS).filter(([name]) => process.env[name] === undefined);
  if (unset.length === 0) return;
  const variables = unset.map(([name, value]) => `${name}=${value}`).join(" ");
  await log.warn(
    `the project's own launcher was not used, so these variables are not set: ${variables}. Run \`npx pulumi\` instead.`,
  );
}

async function run(): Promise<Deployed> {
  try {
    void warnUnset();
    return await deployFleet(prepareFleet());
  } catch (error) {
    // The SDK prints only the message of a RunError. For any other error, it also prints the place in the code.
    throw error instanceof MusterError ? new RunError(error.message) : error;
  }
}

endWithEngine();
/** The stack's outputs. Pulumi uses the names of the exports as the names of the outputs. */
export const { hosts, agents } = await run();
