/**
 * A contact. The contact book of each agent that lists the contact has a row for it. The columns are
 * CONTACT_COLUMNS.
 */
export interface ContactSpec {
  readonly name: string;
  readonly columns: Readonly<Record<string, string>>;
}

/** The columns of the table `contacts`, except its key column `name`. All columns have the type TEXT. */
export const CONTACT_COLUMNS = [
  "display_name",
  "type",
  "status",
  "visibility",
  "agent_id",
  "btc_address",
  "taproot_address",
  "stx_address",
  "bns_name",
  "aibtc_name",
  "email",
  "github_handle",
  "x_handle",
  "website",
  "x402_endpoint",
  "aibtc_beat",
  "aibtc_level",
  "operator",
  "host",
  "notes",
  "links",
] as const;
