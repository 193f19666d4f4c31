import type { AgentPart } from "./agent-parts.ts";

/** An error as a host sends it: what failed, why, and what to do next. */
export interface WireError {
  readonly what: string;
  readonly why: string;
  readonly next?: string;
}

/** A part of an agent that could not be applied. */
export interface PartFailure {
  readonly part: AgentPart;
  readonly error: WireError;
}
