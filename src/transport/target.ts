/** The data that is needed to connect to a host. The values come only from fleet.yaml and the inventory. */
export interface Target {
  readonly name: string;
  /** The kind of the host, such as `ssh`. The transport treats all kinds alike. */
  readonly kind: string;
  readonly address: string;
  /** If absent, ssh_config determines the port. */
  readonly port?: number;
  /** If absent, ssh_config determines the user. */
  readonly user?: string;
  /** The path of the private key. If absent, ssh_config and the SSH agent determine the key. */
  readonly identityFile?: string;
  /** The pinned public keys; empty if the host has never been contacted. */
  readonly hostKeys: readonly string[];
  /** Present if no key is pinned yet, so that `hostKeys` are from the user's own ssh. */
  readonly keysFrom?: "known_hosts";
  /**
   * Whether the login is a gate, which gives only limited access to the host. A gate provides no shell and
   * cannot install anything.
   */
  readonly gate?: true;
  /**
   * The place where `hostKeys` are pinned, as text for messages: "stacks/inventory.yaml (hosts.hub)". Absent if no file
   * contains the keys.
   */
  readonly pinnedIn?: string;
  /** The maximum time in seconds to wait for the connection. */
  readonly connectTimeout: number;
}
