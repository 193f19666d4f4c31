import type { HealthCheck } from "../../model/health.ts";

/** A model provider. A credential can belong to one. */
export interface ProviderSpec {
  readonly name: string;
  /** The name that runtimes use, such as `anthropic`. Two accounts with one vendor are two providers. */
  readonly vendor: string;
  readonly account?: string;
  readonly region?: string;
  /** How hosts check whether the provider works. Without a probe, the provider counts as working. */
  readonly probe?: HealthCheck;
}

export interface CredentialSpec {
  readonly name: string;
  /**
   * The source of the value, never the value itself: `config:NAME`, `env:NAME` or `file:PATH` (absolute
   * here).
   */
  readonly from: string;
  readonly type: "api-key" | "oauth" | "password" | "other";
  readonly provider?: string;
  /** The environment variable that has the value. If absent, the value is only in a file. */
  readonly env?: string;
  /**
   * The declared reason why several agents or services can hold the credential; absent if none is declared.
   */
  readonly sharedBecause?: string;
}
