/** One resource that the program declares in this run, with what distinguishes it from others. */
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

/** A record of this stack on a host, which this run does not declare. */
export interface UnclaimedRecord {
  readonly id: string;
  readonly host: string;
  /** The addresses of its items on the host. */
  readonly addresses: readonly string[];
}

/** What the provider answers. */
export interface PreflightAnswer {
  /** In the order in which they can be removed. */
  readonly unclaimed: readonly UnclaimedRecord[];
  /** The agents that will move: the id of the resource that has the home, by the id of the one that will have it. */
  readonly moves: Readonly<Record<string, string>>;
  /** Homes that are not on their hosts yet and come from no other host, as far as the engine has asked. */
  readonly newcomers: readonly string[];
}

/** The function of the provider that receives the list of declared resources. */
export const PREFLIGHT_TOKEN = "muster:index:roster";
