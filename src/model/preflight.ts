import type { RecurrencePolicy } from "./recurrence.ts";

/** One resource that the Pulumi program declares in this run. */
export interface DeclaredResource {
  /** The resource's Pulumi name: an id such as `hub/iris/agent`, or the name of a local host. */
  readonly name: string;
  readonly host: string;
  readonly formerly: readonly string[];
}

/** The message that the Pulumi program sends to the provider before it registers any resource. */
export interface PreflightRequest {
  /** The stack of this run, as `<project>/<stack>`. */
  readonly owner: string;
  readonly declared: readonly DeclaredResource[];
  /** The policy that says when repeated repairs are a recurring finding, and how the run reacts. */
  readonly recurrence: RecurrencePolicy;
}

/** A record of this stack on a host. This run does not declare the record's resource. */
export interface UnclaimedRecord {
  readonly id: string;
  readonly host: string;
  /** The addresses of the record's items on the host. */
  readonly addresses: readonly string[];
}

/** The provider's answer to a PreflightRequest. */
export interface PreflightAnswer {
  /** Records without a declaration, in the order in which they can be removed. */
  readonly unclaimed: readonly UnclaimedRecord[];
  /**
   * The agents that will move: maps the id of the Agent resource on the new host to the id of the Agent
   * resource on the old host.
   */
  readonly moves: Readonly<Record<string, string>>;
  /**
   * The ids of Agent resources without a home. Neither the declared host nor any other checked host has a home of these
   * agents.
   */
  readonly newcomers: readonly string[];
}

/** The token of the provider's function that receives a PreflightRequest. */
export const PREFLIGHT_TOKEN = "muster:index:roster";
