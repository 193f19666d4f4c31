import type { HealthCheck } from "../../model/health-check.ts";
import type { Prices } from "../../model/usage.ts";

/** A model provider. A credential can belong to a provider. */
export interface ProviderSpec {
  readonly name: string;
  /**
   * The name that runtimes use for the provider, such as `anthropic`. Two accounts at one vendor are declared as two
   * providers.
   */
  readonly vendor: string;
  readonly account?: string;
  readonly region?: string;
  /** The address of the provider's API; absent if this is the vendor's own address. */
  readonly url?: string;
  /** The minimum number of seconds between two starts of agents that use the provider; absent if it is not declared. */
  readonly stagger?: number;
  /** The check by which hosts find out whether the provider works. If absent, the provider counts as working. */
  readonly probe?: HealthCheck;
  /** The declared prices of the models; absent if no prices are declared. */
  readonly prices?: Prices;
}

export interface CredentialSpec {
  readonly name: string;
  /**
   * The source of the secret: `config:NAME`, `env:NAME`, `file:PATH` with an absolute path, or `exec:COMMAND`. Never
   * contains the secret itself.
   */
  readonly from: string;
  readonly type: "api-key" | "oauth" | "password" | "other";
  readonly provider?: string;
  /** The last day on which the secret works (UTC), such as `2027-01-31`; absent if it is not declared. */
  readonly expires?: string;
  /**
   * The environment variable that contains the secret. If absent, agents and services get the secret only as a file.
   */
  readonly env?: string;
  /** The minimum number of seconds between two starts of agents that have the credential; absent if it is not declared. */
  readonly stagger?: number;
  /**
   * The path in the agent's home of a login that the agent's runtime renews itself; absent for a secret that only Muster
   * writes.
   */
  readonly file?: string;
  /**
   * The declared reason why several agents or services share the credential; absent if no reason is declared.
   */
  readonly sharedBecause?: string;
}
