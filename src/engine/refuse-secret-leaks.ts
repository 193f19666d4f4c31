import { InvalidError } from "../base/errors.ts";
import type { EngineCall } from "./arguments.ts";
import { withoutPassword } from "./project.ts";

/**
 * The lowest log level at which the engine logs the properties that it sends to a provider. The log then contains
 * secrets in plain text (plugin/rpc.go).
 */
const LOGS_SECRETS = 9;

/**
 * Refuses settings with which the engine writes the stack's secrets in plain text. Muster cannot prevent this in
 * another way.
 *
 * @throws InvalidError if there is such a setting
 */
export function refuseLeaks(call: EngineCall, backend: string, env: NodeJS.ProcessEnv = process.env): void {
  if (withoutPassword(backend) !== backend) {
    throw new InvalidError({
      what: `the state's URL ${withoutPassword(backend)} was refused`,
      why: "it contains a password, which the engine prints in its errors and writes into its settings.",
      next: "Remove the password from the URL and set PGPASSWORD, or PGPASSFILE to the path of a password file.",
    });
  }
  const verbosity = Math.max(call.verbosity, Number(env["PULUMI_OPTION_VERBOSE"] ?? 0));
  if (verbosity >= LOGS_SECRETS) {
    throw leak(
      `-v=${verbosity}`,
      `Use -v=${LOGS_SECRETS - 1}: it logs everything except the values of properties.`,
    );
  }
  if (env["PULUMI_DEBUG_GRPC"]) {
    throw leak(
      "PULUMI_DEBUG_GRPC",
      "Run `unset PULUMI_DEBUG_GRPC`, and use -v=8 to see what the engine does.",
    );
  }
}

function leak(what: string, next: string): InvalidError {
  return new InvalidError({
    what: `${what} was refused`,
    why: "with it, the engine writes the stack's secrets to its log in plain text.",
    next,
  });
}
