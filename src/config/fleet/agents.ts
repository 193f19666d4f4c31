import type {
  ChangePolicy,
  Heartbeat,
  Lifecycle,
  MaintenanceWindow,
  RestartLimit,
} from "../../model/deadman.ts";
import type { FailoverPolicy } from "../../model/failover.ts";
import type { Limits } from "../../model/limits.ts";
import type { SandboxException } from "../../model/sandbox-exceptions.ts";
import type { RuntimeKind } from "../../runtimes/registry.ts";
import type { ModelChoice } from "../../runtimes/runtime.ts";
import type { EntrySpec } from "./entry.ts";

/** A provider on which an agent can run, and how it runs there. */
export interface ChoiceSpec {
  /** Its name in fleet.yaml. */
  readonly provider: string;
  readonly model: ModelChoice;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The agent's credentials for this provider, and those for all providers. */
  readonly credentials: readonly string[];
}

/** Which provider an agent runs on, and when it changes. */
export interface FailoverSpec extends Omit<FailoverPolicy, "providers"> {
  /** At least two, the best first. The fields of the agent itself have the values of the first. */
  readonly choices: readonly ChoiceSpec[];
}

export interface AgentSpec extends EntrySpec {
  readonly name: string;
  readonly host: string;
  readonly tenant: string;
  /** The Linux user it runs as: its own name, or its tenant's under `isolation: tenant`. */
  readonly user: string;
  readonly home: string;
  readonly identity: string;
  /** All its credentials, for all providers on which it can run. */
  readonly credentials: readonly string[];
  /** The names of the contacts in its contact book. */
  readonly contacts: readonly string[];
  /** The agents to which it sends tasks. */
  readonly routesTo: readonly string[];
  /** The kind of its program, which determines where it reads its identity and the name of its process. */
  readonly runtime: RuntimeKind;
  /** The provider and the name of its model, if they are declared. */
  readonly model: ModelChoice;
  /** The models that its runtime itself tries in this order when `model` fails. */
  readonly fallbacks?: readonly ModelChoice[];
  /** Present if the deadman moves it to another provider when one fails. */
  readonly failover?: FailoverSpec;
  /** The program and its arguments; the first is found in the PATH of `env`, or from `workdir` if it has a `/`. */
  readonly command: readonly string[];
  readonly workdir: string;
  /** Always contains a PATH. */
  readonly env: Readonly<Record<string, string>>;
  /** Seconds within which the program must ping the systemd watchdog; 0: no watchdog. */
  readonly watchdog: number;
  /** The services of the host that ran it before Muster. They are stopped and disabled. */
  readonly replaces: readonly string[];
  /** `later`: the services in `replaces` still run it, and its own unit is not started yet. */
  readonly takeOver: "now" | "later";
  /** What happens to its home and to the contacts that it has learned when it is removed. */
  readonly onRemove: "aside" | "delete";
  readonly lifecycle: Lifecycle;
  readonly onChange: ChangePolicy;
  readonly heartbeat: Heartbeat;
  readonly restarts: RestartLimit;
  /** Its own windows, those of its host and those of the fleet. */
  readonly maintenance: readonly MaintenanceWindow[];
  readonly limits: Limits;
  /** The sandbox restrictions that are lifted. */
  readonly allow: readonly SandboxException[];
}
