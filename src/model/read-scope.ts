/** What a reader's gate may read on one host. The platform's `up` writes this scope to the host. */
export interface ReadScope {
  readonly host: string;
  /**
   * The tenant whose agents the gate may read. If absent, the gate may read everything that any stack has on
   * this host.
   */
  readonly tenant?: {
    readonly name: string;
    /** The tenant's agents on this host, by name. */
    readonly agents: readonly string[];
  };
}
