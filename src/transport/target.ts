/** Everything that is needed to connect to a host. Comes only from fleet.yaml and the inventory. */
export interface Target {
  readonly name: string;
  /** The host's kind, such as `ssh`. The transport treats all kinds alike. */
  readonly kind: string;
  readonly address: string;
  /** If it is left out, ssh_config determines the port. */
  readonly port?: number;
  /** If it is left out, ssh_config determines the user. */
  readonly user?: string;
  /** The path of the private key. If it is left out, ssh_config and the SSH agent determine the key. */
  readonly identityFile?: string;
  /** The pinned public keys; empty if the host has never been contacted. */
  readonly hostKeys: readonly string[];
  /**
   * Whether the login is a gate, which gives only limited access to the host. It provides no shell, and
   * cannot install anything.
   */
  readonly gate?: true;
  /**
   * Where `hostKeys` are pinned, as text for messages: "stacks/inventory.yaml (hosts.hub)". Left out if no
   * file contains them.
   */
  readonly pinnedIn?: string;
  /** Seconds to wait for the connection. */
  readonly connectTimeout: number;
}
