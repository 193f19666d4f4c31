/** Everything that is needed to connect to a host. It comes only from fleet.yaml and the inventory. */
export interface Target {
  readonly name: string;
  /** The host's kind, such as `ssh`. The transport treats all kinds in the same way. */
  readonly kind: string;
  readonly address: string;
  readonly port?: number;
  readonly user?: string;
  readonly identityFile?: string;
  /** The pinned public keys; empty if the host has never been contacted. */
  readonly hostKeys: readonly string[];
  /**
   * Whether the login is a gate, which gives limited access
   * to the host, no shell, and cannot install anything.
   */
  readonly gate?: true;
  /** Where `hostKeys` are pinned, in words for people: "stacks/inventory.yaml (hosts.hub)". */
  readonly pinnedIn?: string;
  /** Seconds. */
  readonly connectTimeout: number;
}
