/**
 * A request that the helper reads as JSON from stdin. The last line that it prints on stdout is a
 * HelperResult.
 */
export interface HelperRequest {
  /** The absolute path of `<cache>/local`, which belongs to the user. */
  readonly local: string;
  /** The absolute path of the project's folder. */
  readonly project: string;
  readonly node: NodeProgram;
  /** The name of the host. Left out for `prepare` and `clean`. */
  readonly name?: string;
  /** The public key that may log in as root, in the format of an OpenSSH .pub file. Only for `create`. */
  readonly publicKey?: string;
}

/** The Node.js program for all local hosts. */
export interface NodeProgram {
  readonly path: string;
  readonly version: string;
}

/** The address and the host keys of a host. */
export interface HostAddress {
  readonly address: string;
  /** The public host keys, such as `ssh-ed25519 AAAA…`. They are known before the first connection. */
  readonly hostKeys: readonly string[];
}

export interface HelperAnswers {
  readonly prepare: { readonly base: string };
  readonly create: HostAddress;
  readonly boot: HostAddress;
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
