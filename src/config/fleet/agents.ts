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
  /** The provider's name in fleet.yaml. */
  readonly provider: string;
  readonly model: ModelChoice;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The agent's credentials for this provider, and those for all providers. */
  readonly credentials: readonly string[];
}

/** Which provider an agent runs on, and when it changes. */
export interface FailoverSpec extends Omit<FailoverPolicy, "providers"> {
  /** At least two, the best first. The agent's own fields have the values of the first one. */
  readonly choices: readonly ChoiceSpec[];
}

export interface AgentSpec extends EntrySpec {
  readonly name: string;
  readonly host: string;
  readonly tenant: string;
  /**
   * The Linux user that runs the agent. It has the agent's name or, under `isolation: tenant`, the tenant's
   * name.
   */
  readonly user: string;
  readonly home: string;
  readonly identity: string;
  /** All of the agent's credentials, for all providers on which it can run. */
  readonly credentials: readonly string[];
  /** The names of the contacts in the agent's contact book. */
  readonly contacts: readonly string[];
  /** The agents to which the agent sends tasks. */
  readonly routesTo: readonly string[];
  /**
   * The kind of program that the agent runs. This determines the name of its process and where it reads its
   * identity.
   */
  readonly runtime: RuntimeKind;
  /** The agent's model and its provider, as far as they are declared. */
  readonly model: ModelChoice;
  /**
   * The models that the runtime itself tries, in this order, when `model` fails. Absent if there are none.
   */
  readonly fallbacks?: readonly ModelChoice[];
  /** Present if the deadman switches the agent to another provider when one fails. */
  readonly failover?: FailoverSpec;
  /**
   * The program and its arguments. The program is looked up in the PATH of `env` or, if it contains a `/`,
   * relative to `workdir`.
   */
  readonly command: readonly string[];
  readonly workdir: string;
  /** Always contains a PATH. */
  readonly env: Readonly<Record<string, string>>;
  /** Seconds within which the program must ping the systemd watchdog; 0 means that there is no watchdog. */
  readonly watchdog: number;
  /**
   * The services that ran the agent before Muster. They are stopped and disabled when Muster takes it over.
   */
  readonly replaces: readonly string[];
  /** `later`: the services in `replaces` still run the agent, and its own unit is not started yet. */
  readonly takeOver: "now" | "later";
  /** What happens to the home and the learned contacts when the agent is removed. */
  readonly onRemove: "aside" | "delete";
  readonly lifecycle: Lifecycle;
  readonly onChange: ChangePolicy;
  readonly heartbeat: Heartbeat;
  readonly restarts: RestartLimit;
  /** The maintenance windows of the agent, of its host and of the fleet. */
  readonly maintenance: readonly MaintenanceWindow[];
  readonly limits: Limits;
  /** The sandbox restrictions that are lifted. */
  readonly allow: readonly SandboxException[];
}
