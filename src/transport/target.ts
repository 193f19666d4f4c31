/** Everything that is needed to reach a host; made from fleet.yaml and the inventory alone. */
export interface Target {
  readonly name: string;
  /** The name of its kind; the transport treats all kinds alike. */
  readonly kind: string;
  readonly address: string;
  readonly port?: number;
  readonly user?: string;
  readonly identityFile?: string;
  /** Pinned public keys; empty means that the host was never met. */
  readonly hostKeys: readonly string[];
  /** The login is a gate's: it serves a part of the host, gives no shell, and lets nobody install anything. */
  readonly gate?: true;
  /** Where `hostKeys` stand, for a person: "stacks/inventory.yaml (hosts.hub)". */
  readonly pinnedIn?: string;
  /** Seconds. */
  readonly connectTimeout: number;
}
