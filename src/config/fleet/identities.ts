export interface IdentitySpec {
  readonly name: string;
  /** The files by their path in the agent's home. `SOUL.md` is one of them. */
  readonly files: Readonly<Record<string, IdentityFile>>;
}

export interface IdentityFile {
  readonly text: string;
  /** Four octal digits. */
  readonly mode: string;
}
