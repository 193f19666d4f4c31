/** One row of every contact book; column names are CONTACT_COLUMNS. */
export interface ContactSpec {
  readonly name: string;
  readonly columns: Readonly<Record<string, string>>;
}

/** Columns of the table `contacts`, all TEXT; `name` is the key. */
export const CONTACT_COLUMNS = [
  "display_name",
  "type",
  "agent_id",
  "btc_address",
  "stx_address",
  "bns_name",
  "email",
  "github_handle",
  "x_handle",
  "website",
  "host",
  "notes",
] as const;
