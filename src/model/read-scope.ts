/** What a reader's gate may read on one host; the platform's `up` writes it. */
export interface ReadScope {
  readonly host: string;
  /** Left out: everything that any stack has on this host. */
  readonly tenant?: {
    readonly name: string;
    /** The tenant's agents on this host, by name. */
    readonly agents: readonly string[];
  };
}
