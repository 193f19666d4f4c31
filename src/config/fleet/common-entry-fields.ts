/** The fields that hosts, tenants and agents have in common. All these entries can be renamed and removed. */
export interface EntrySpec {
  /** The names that the entry had before it was renamed. */
  readonly formerly: readonly string[];
  /** Whether Muster refuses to remove the entry. */
  readonly protect: boolean;
}
