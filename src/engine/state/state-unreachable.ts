import { MusterError } from "../../base/errors.ts";
import { withoutPassword } from "../project.ts";
import type { EngineAnswer, EngineStack } from "../run-engine.ts";

/** Maps the error texts of the engine's drivers to the cause and to the user's next step. */
const CAUSES: readonly (readonly [said: RegExp, why: string, next: string])[] = [
  [
    /connection refused|no such host|network is unreachable|i\/o timeout/,
    "nothing answers there.",
    "Check the address, and that the server runs and can be reached from here.",
  ],
  [
    /NoSuchBucket|bucket does not exist/,
    "there is no such bucket.",
    "Create it, or correct its name in the URL.",
  ],
  [
    /database "[^"]*" does not exist/,
    "there is no such database.",
    "Create it, or correct its name in the URL.",
  ],
  [
    /SSL is not enabled/,
    "the server does not support TLS.",
    "Enable TLS, or add `sslmode=disable` to the URL if you trust the network.",
  ],
  [
    /no EC2 IMDS role|get credentials|could not find default credentials|no password supplied/,
    "this machine has no credentials for it.",
    "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or PGPASSWORD; see docs/state.md.",
  ],
  [
    /InvalidAccessKeyId|SignatureDoesNotMatch|AccessDenied|authentication failed|permission denied|no pg_hba/,
    "it refuses the credentials of this machine.",
    "Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or PGUSER and PGPASSWORD, and their rights.",
  ],
];

/** Returns the error for a state that cannot be read, with the cause in one sentence. */
export function stateUnreachable(
  { project, stack }: EngineStack,
  { timedOut, stderr }: EngineAnswer,
): MusterError {
  const what = `the state of stack ${stack} cannot be reached at ${withoutPassword(project.backend)}`;
  if (timedOut) {
    return new MusterError({
      what,
      why: "it did not answer in time.",
      next: "Check the network, and run this again.",
    });
  }
  const cause = CAUSES.find(([said]) => said.test(stderr));
  if (cause !== undefined) return new MusterError({ what, why: cause[1], next: cause[2] });
  const last = stderr.trim().split("\n").at(-1) ?? "";
  const why = last.replace(/^error: /, "").replaceAll(project.backend, withoutPassword(project.backend));
  return new MusterError({ what, why });
}
