/**
 * A request to the helper, which reads it as JSON from stdin. The last line that the helper prints on stdout
 * is a HelperResult.
 */
export interface HelperRequest {
  /** The absolute path of `<cache>/local`, which belongs to the user. */
  readonly local: string;
  /** The absolute path of the project's folder. */
  readonly project: string;
  readonly node: NodeProgram;
  /** The name of the host. Absent for `prepare` and `clean`. */
  readonly name?: string;
  /** The public key that can log in as root, in the format of an OpenSSH .pub file. Only for `create`. */
  readonly publicKey?: string;
}

/** The Node.js program that all local hosts use. */
export interface NodeProgram {
  readonly path: string;
  readonly version: string;
}

/** The address and the host keys of a host. */
export interface HostAddress {
  readonly address: string;
  /** The public host keys, such as `ssh-ed25519 AAAA…`. These keys are known before the first connection. */
  readonly hostKeys: readonly string[];
}

/** A host that is running. */
export interface BootedHost extends HostAddress {
  /** A sentence about a limitation of the host, such as a firewall on this machine. */
  readonly warning?: string;
}

export interface HelperAnswers {
  readonly prepare: { readonly base: string };
  readonly create: BootedHost;
  readonly boot: BootedHost;
  readonly stop: Record<string, never>;
  readonly remove: Record<string, never>;
  readonly clean: Record<string, never>;
}

export type HelperCommand = keyof HelperAnswers;

export type HelperResult =
  | { readonly answer: HelperAnswers[HelperCommand] }
  | {
      readonly error: {
        readonly what: string;
        readonly why: string;
        readonly next?: string;
        readonly where?: string;
      };
    };
