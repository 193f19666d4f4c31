/** What a tenant's gate serves on one host, written by the platform's `up`. */
export interface TenantScope {
  readonly host: string;
  /** Also the Linux group of all its users. */
  readonly tenant: string;
  /** The systemd slice that all its units run in. */
  readonly slice: string;
  readonly agents: readonly ScopedAgent[];
}

/** An agent as the platform made room for it. */
export interface ScopedAgent {
  readonly name: string;
  readonly user: string;
  readonly home: string;
  readonly unit: string;
  /** The folder of its secrets. */
  readonly credentials: string;
  /** The lines by which its unit keeps it from others, by their keys. A scope of an older version has none. */
  readonly hardening?: Readonly<Record<string, string>>;
}
