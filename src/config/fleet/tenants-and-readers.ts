import type { Limits } from "../../model/unit-limits.ts";
import type { EntrySpec } from "./common-entry-fields.ts";

export interface TenantSpec extends EntrySpec {
  readonly name: string;
  /**
   * `agent`: each agent has its own uid. `tenant`: all agents of the tenant share one uid and can read each
   * other's secrets.
   */
  readonly isolation: "agent" | "tenant";
  /**
   * The public key of the tenant's own stack, such as `ssh-ed25519 AAAA…`. If absent, the tenant has no own stack, and
   * the platform's stack contains the tenant's agents.
   */
  readonly key?: string;
  /** The limits for the sum of the tenant's agents on one host. */
  readonly limits: Limits;
}

/** A key that can read the applied state of hosts but cannot change anything, for example for CI. */
export interface ReaderSpec {
  readonly name: string;
  /** The public key, such as `ssh-ed25519 AAAA…`. */
  readonly key: string;
  /**
   * If present, the key can read only the resources of this tenant. If absent, it can read the resources of
   * all tenants.
   */
  readonly tenant?: string;
}
