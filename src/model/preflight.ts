import type { RecurrencePolicy } from "./recurrence.ts";

/** One resource that the Pulumi program declares in this run. */
export interface DeclaredResource {
  /** The resource's Pulumi name: an id such as `hub/iris/agent`, or the name of a local host. */
  readonly name: string;
  readonly host: string;
  readonly formerly: readonly string[];
}

/** The Pulumi program's message to the provider before it registers any resource. */
export interface PreflightRequest {
  /** The stack of this run, as `<project>/<stack>`. */
  readonly owner: string;
  readonly declared: readonly DeclaredResource[];
  /** When repeated repairs are a recurring finding, and what the run does about it. */
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
   * The ids of Agent resources without a home: there is no home on the declared host, and none was found on
   * the other hosts that were checked.
   */
  readonly newcomers: readonly string[];
}

/** The token of the provider's function that receives a PreflightRequest. */
export const PREFLIGHT_TOKEN = "muster:index:roster";
