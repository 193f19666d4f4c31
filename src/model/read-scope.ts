/** What a reader's gate may read on one host. The platform's `up` writes it to the host. */
export interface ReadScope {
  readonly host: string;
  /**
   * The tenant whose agents it may read. If absent, it may read everything that any stack has on this host.
   */
  readonly tenant?: {
    readonly name: string;
    /** The tenant's agents on this host, by name. */
    readonly agents: readonly string[];
  };
}
