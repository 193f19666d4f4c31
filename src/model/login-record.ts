/**
 * A host's record of a login file that the agent's runtime renews. The record contains only digests, and moves with the
 * agent to another host.
 */
export interface LoginRecord {
  /**
   * The digests of all sources that Muster has written to the file or has compared with it, the last one last. The file
   * is never overwritten with one of these sources.
   */
  readonly sources: readonly string[];
  /** The digests of the texts that identify the account of the last source, by the path of their keys. */
  readonly account: Readonly<Record<string, string>>;
  /**
   * The source that a killed run was about to write, and the digest of the file before. Absent if no run is unfinished.
   */
  readonly pending?: { readonly source: string; readonly before: string };
}
