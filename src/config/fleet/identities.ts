export interface IdentitySpec {
  readonly name: string;
  /** The files of the identity, by their path in the agent's home. `SOUL.md` is always one of them. */
  readonly files: Readonly<Record<string, IdentityFile>>;
}

export interface IdentityFile {
  readonly text: string;
  /** The file mode: four octal digits. */
  readonly mode: string;
  /**
   * `once`: the file is written only if it is missing, and Muster never changes the file afterwards. `merge`: Muster
   * maintains only the keys in `text`. If absent, Muster maintains the whole file.
   */
  readonly write?: "once" | "merge";
}
