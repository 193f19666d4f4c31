/** A row in the contact book of every agent that lists the contact. The columns are CONTACT_COLUMNS. */
export interface ContactSpec {
  readonly name: string;
  readonly columns: Readonly<Record<string, string>>;
}

/** The columns of the table `contacts` besides its key, `name`. All are TEXT. */
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
