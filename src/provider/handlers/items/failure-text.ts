import { MusterError } from "../../../base/errors.ts";
import type { PartFailure } from "../../../model/part-failure.ts";

/**
 * Returns the message about a failed part of an agent: the host, the agent, the part, the reason, and the next step.
 */
export function failureText(host: string, id: string, { part, error }: PartFailure): string {
  const prefix = `${id}: ${part}`;
  const what = error.what.startsWith(prefix) ? error.what : `${prefix}: ${error.what}`;
  return new MusterError({ ...error, what, where: host }).message;
}
