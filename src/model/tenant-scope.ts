/** What a tenant's gate may do on one host; the platform's `up` writes it. */
export interface TenantScope {
  readonly host: string;
  /** Also the Linux group of all its users. */
  readonly tenant: string;
  /** The systemd slice that all its units run in. */
  readonly slice: string;
  readonly agents: readonly ScopedAgent[];
}

/** An agent, as the platform prepared the host for it. */
export interface ScopedAgent {
  readonly name: string;
  readonly user: string;
  readonly home: string;
  readonly unit: string;
  /** The folder of its secrets. */
  readonly credentials: string;
  /** The lines of its unit's sandbox, by key. A scope of an older version has none. */
  readonly hardening?: Readonly<Record<string, string>>;
}
