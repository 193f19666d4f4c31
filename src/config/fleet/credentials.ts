import type { HealthCheck } from "../../model/health.ts";

/** A model provider. A credential can belong to one. */
export interface ProviderSpec {
  readonly name: string;
  /** The name that runtimes use, such as `anthropic`. Two accounts with one vendor are two providers. */
  readonly vendor: string;
  readonly account?: string;
  readonly region?: string;
  /** How hosts check whether it works. Without a probe it counts as up. */
  readonly probe?: HealthCheck;
}

export interface CredentialSpec {
  readonly name: string;
  /** The source of the value, never the value itself: `config:NAME`, `env:NAME` or `file:PATH` (absolute here). */
  readonly from: string;
  readonly type: "api-key" | "oauth" | "password" | "other";
  readonly provider?: string;
  /** The environment variable in which the agent finds it. */
  readonly env?: string;
  /** The declared reason why more than one agent can hold it. */
  readonly sharedBecause?: string;
}
