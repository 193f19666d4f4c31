import type { Contents } from "../model/items.ts";
import { type Accounts, readAccounts } from "./accounts/accounts.ts";
import type { Host } from "./context.ts";
import { type ContentSource, contentSource } from "./store/contents.ts";
import { type SecretHasher, secretHasher } from "./store/secret-hasher.ts";

/** What the work for one request needs of its host. It is built once for each request, or for each batch of them. */
export interface RequestContext {
  readonly host: Host;
  /** The host's users and groups; read when first needed. */
  readonly accounts: Accounts;
  /** Has the accounts read again: a user may have been added or removed since. */
  refreshAccounts(): void;
  readonly contents: ContentSource;
  readonly hashSecret: SecretHasher;
}

/** @param sent the bytes that came with the request */
export function requestContext(host: Host, sent: Contents = {}): RequestContext {
  let accounts: Accounts | undefined;
  return {
    host,
    contents: contentSource(host, sent),
    hashSecret: secretHasher(host),
    get accounts() {
      accounts ??= readAccounts(host.paths.etc);
      return accounts;
    },
    refreshAccounts: () => {
      accounts = undefined;
    },
  };
}
