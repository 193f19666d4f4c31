import type { AgentPart } from "./parts.ts";

/** An error as it travels from a host: what failed, why, and what to do next. */
export interface WireError {
  readonly what: string;
  readonly why: string;
  readonly next?: string;
}

/** A part of an agent that could not be made as declared. */
export interface PartFailure {
  readonly part: AgentPart;
  readonly error: WireError;
}
