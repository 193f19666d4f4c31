/** What hosts, tenants and agents have in common: each can be renamed or removed. */
export interface EntrySpec {
  /** Its former names. */
  readonly formerly: readonly string[];
  /** Whether removal is refused. */
  readonly protect: boolean;
}
