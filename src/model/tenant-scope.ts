/**
 * The scope of a tenant's gate: the parts of one host that can be changed through the gate. The platform's `up` writes
 * the scope to the host.
 */
export interface TenantScope {
  readonly host: string;
  /** The tenant's name, and the Linux group of all its users. */
  readonly tenant: string;
  /** The systemd slice in which all units of the tenant run. */
  readonly slice: string;
  readonly agents: readonly ScopedAgent[];
}

/** An agent for which the platform has prepared the host. */
export interface ScopedAgent {
  readonly name: string;
  readonly user: string;
  readonly home: string;
  readonly unit: string;
  /** The path of the folder with the agent's secrets. */
  readonly credentials: string;
  /**
   * The sandbox settings that the agent's unit must have, by key. Absent in a scope that an older version of
   * Muster wrote.
   */
  readonly hardening?: Readonly<Record<string, string>>;
}
