import type { Contents } from "../model/items.ts";
import { type Accounts, readAccounts } from "./accounts/read-accounts.ts";
import type { Host } from "./context.ts";
import { type ContentSource, contentSource } from "./store/contents.ts";
import { type SecretHasher, secretHasher } from "./store/secret-hasher.ts";

/** The host, and the data that is read from it only once for a request or a batch of requests. */
export interface RequestContext {
  readonly host: Host;
  /** The host's users and groups. The accounts are read when this property is first used. */
  readonly accounts: Accounts;
  /**
   * Makes the next use of `accounts` read the accounts again. Must be called
   * when an account may have changed.
   */
  refreshAccounts(): void;
  readonly contents: ContentSource;
  readonly hashSecret: SecretHasher;
}

/**
 * Builds the context of a request or a batch.
 *
 * @param sent the contents that the client has sent with the request or batch
 */
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
