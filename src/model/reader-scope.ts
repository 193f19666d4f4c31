/**
 * The scope of a reader's gate: what can be read through the gate on one host. The platform's
 * `up` writes the scope to the host.
 */
export interface ReadScope {
  readonly host: string;
  /**
   * If present, only this tenant and its agents can be read through the gate. If absent, everything that any
   * stack has on this host can be read.
   */
  readonly tenant?: {
    readonly name: string;
    /** The tenant's agents on this host, by name. */
    readonly agents: readonly string[];
  };
}
