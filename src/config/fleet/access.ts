import type { Limits } from "../../model/limits.ts";
import type { EntrySpec } from "./entry.ts";

export interface TenantSpec extends EntrySpec {
  readonly name: string;
  /**
   * `agent`: each agent has its own uid. `tenant`: all agents share one uid and can read each other's
   * secrets.
   */
  readonly isolation: "agent" | "tenant";
  /**
   * The public key of the tenant's own stack, such as `ssh-ed25519 AAAA…`. If absent, the tenant's agents are
   * in the fleet's stack.
   */
  readonly key?: string;
  /** The limits that all of the tenant's agents on one host share. */
  readonly limits: Limits;
}

/** A read-only key, for example for CI: it can read the applied state of hosts. */
export interface ReaderSpec {
  readonly name: string;
  /** The public half of the key, such as `ssh-ed25519 AAAA…`. */
  readonly key: string;
  /** The only tenant whose resources the key can read. If absent, it can read those of all tenants. */
  readonly tenant?: string;
}
