/** What hosts, tenants and agents have in common: a run can rename or remove each. */
export interface EntrySpec {
  /** Its former names. */
  readonly formerly: readonly string[];
  /** Whether removal is refused. */
  readonly protect: boolean;
}
