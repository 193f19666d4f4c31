/** What hosts, tenants and agents have in common: each can be renamed or removed. */
export interface EntrySpec {
  /** The former names of the entry. */
  readonly formerly: readonly string[];
  /** Whether Muster refuses to remove the entry. */
  readonly protect: boolean;
}
