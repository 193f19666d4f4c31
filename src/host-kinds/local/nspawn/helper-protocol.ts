/** A request to the helper, as JSON on its stdin. The last line on its stdout is a HelperResult. */
export interface HelperRequest {
  /** The absolute path of `<cache>/local`, which belongs to the user. */
  readonly local: string;
  /** The absolute path of the project's folder. */
  readonly project: string;
  readonly node: NodeProgram;
  /** The name of the host. All commands except prepare and clean need it. */
  readonly name?: string;
  /** The public key that may log in as root, in the format of an OpenSSH .pub file. Only create needs it. */
  readonly publicKey?: string;
}

/** The Node.js program that the hosts share. */
export interface NodeProgram {
  readonly path: string;
  readonly version: string;
}

/** The address and the host keys of a host. */
export interface HostAddress {
  readonly address: string;
  /** Public host keys, such as `ssh-ed25519 AAAA…`. They are known before the first connection. */
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
