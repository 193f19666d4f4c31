import type { Properties } from "./values.ts";

/**
 * Reports that the resource exists, but that its state is unknown or not as declared. The engine keeps the id, the
 * inputs and the state in this error, prints the reasons, and tries again in the next update.
 */
export class PartialError extends Error {
  override readonly name = "PartialError";
  readonly id: string;
  readonly inputs: Properties;
  readonly state: Properties;
  readonly reasons: readonly string[];

  constructor(parts: { id: string; inputs: Properties; state: Properties; reasons: readonly string[] }) {
    super(parts.reasons.join("; "));
    this.id = parts.id;
    this.inputs = parts.inputs;
    this.state = parts.state;
    this.reasons = parts.reasons;
  }
}

/** Returns an error's message without the stack trace. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
