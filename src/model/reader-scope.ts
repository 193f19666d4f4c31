/**
 * The scope of a reader's gate: the resources on one host that can be read through the gate. The platform's `up` writes
 * the scope to the host.
 */
export interface ReadScope {
  readonly host: string;
  /**
   * If present, only this tenant and its agents can be read through the gate. If absent, the resources of all stacks on
   * this host can be read.
   */
  readonly tenant?: {
    readonly name: string;
    /** The tenant's agents on this host, by name. */
    readonly agents: readonly string[];
  };
}
