/** What the unprivileged side asks of the helper: JSON on its stdin; the answer is its last line on stdout. */
export interface HelperRequest {
  /** `<cache>/local`, absolute; the user's own folder. */
  readonly local: string;
  /** The project's folder, absolute. */
  readonly project: string;
  readonly node: NodeProgram;
  /** Names the host; all commands but prepare and clean need it. */
  readonly name?: string;
  /** The key that may log in as root, as in an OpenSSH .pub file; create needs it. */
  readonly publicKey?: string;
}

/** The Node that the hosts share. */
export interface NodeProgram {
  readonly path: string;
  readonly version: string;
}

/** How a host is reached. */
export interface HostAddress {
  readonly address: string;
  /** Public host keys, such as `ssh-ed25519 AAAA…`, known before the first connection. */
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
