/** One resource that the program declares in this run, as far as others are told apart by it. */
export interface DeclaredResource {
  /** Its Pulumi name: an id such as `hub/iris/unit`, or a local host's name. */
  readonly name: string;
  readonly host: string;
  readonly formerly: readonly string[];
}

/** What the program tells the provider before it registers anything. */
export interface PreflightRequest {
  /** `<project>/<stack>`. */
  readonly owner: string;
  readonly declared: readonly DeclaredResource[];
}

/** A record of this stack on a host that the roster does not name. */
export interface UnclaimedRecord {
  readonly id: string;
  readonly host: string;
  /** Where its items are on the host. */
  readonly addresses: readonly string[];
}

/** What the provider answers. */
export interface PreflightAnswer {
  /** In the order in which they can be removed. */
  readonly unclaimed: readonly UnclaimedRecord[];
  /** The agents that are to move: by the id of the resource that is to have the home, that of the one that has it. */
  readonly moves: Readonly<Record<string, string>>;
  /** Homes that are not on their hosts yet and come from nowhere, as far as the engine asked about it. */
  readonly newcomers: readonly string[];
}

/** The function of the provider that takes the roster. */
export const PREFLIGHT_TOKEN = "muster:index:roster";
