import type { OnIdentityChange } from "../../model/conversation.ts";
import type {
  ChangePolicy,
  Heartbeat,
  Lifecycle,
  MaintenanceWindow,
  RestartLimit,
} from "../../model/deadman.ts";
import type { FailoverPolicy } from "../../model/failover.ts";
import type { Former } from "../../model/former-unit.ts";
import type { QueueLimits } from "../../model/routes.ts";
import type { SandboxException } from "../../model/sandbox-exceptions.ts";
import type { Limits } from "../../model/unit-limits.ts";
import type { RuntimeKind } from "../../runtimes/registry.ts";
import type { ModelChoice, Settings } from "../../runtimes/runtime.ts";
import type { EntrySpec } from "./common-entry-fields.ts";

/** A provider that an agent can use, and the settings that the agent has while it uses this provider. */
export interface ChoiceSpec {
  /** The provider's name in fleet.yaml. */
  readonly provider: string;
  readonly model: ModelChoice;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The names of the credentials that the agent has while it uses this provider. */
  readonly credentials: readonly string[];
}

/** The providers from which the deadman chooses one for an agent, and the rules for a change of the provider. */
export interface FailoverSpec extends Omit<FailoverPolicy, "providers"> {
  /** At least two choices, the best first. The agent's own `model`, `command` and `env` belong to the first choice. */
  readonly choices: readonly ChoiceSpec[];
}

/** The declared rights of an agent's user on the host, in addition to its groups. */
export interface RightsSpec {
  /** Lines of sudoers that apply to the user. */
  readonly sudo: readonly string[];
  /** Fingerprints of the keys that can log in as the user, such as `SHA256:…`. */
  readonly keys: readonly string[];
  /** Whether the user's own systemd units run without a login. */
  readonly linger: boolean;
  /**
   * Files with setuid, setgid or capabilities. Each entry is a path and the right that the file grants, such as
   * `~/bin/x setuid root`.
   */
  readonly files: readonly string[];
}

/** A service of the system, a service of a user's systemd, or a session of a user's tmux. */
export type FormerSpec = Former & { readonly user: string };

/** A checkout of a git repository in an agent's home. */
export interface RepositorySpec {
  /** The folder of the repository as declared, or its URL. */
  readonly from: string;
  /** The absolute path of the folder, or the URL. */
  readonly source: string;
  /** The commit of the declared revision: 40 hex digits. */
  readonly revision: string;
  /** The absolute path of the checkout. */
  readonly folder: string;
  /** The patterns of the files that units use, by the name of the agent or of a service. */
  readonly restarts: Readonly<Record<string, readonly string[]>>;
}

export interface AgentSpec extends EntrySpec {
  readonly name: string;
  readonly host: string;
  readonly tenant: string;
  /**
   * The Linux user that runs the agent. The user has the agent's name or, under `isolation: tenant`, the tenant's name.
   */
  readonly user: string;
  readonly home: string;
  readonly identity: string;
  /** The names of all credentials of the agent, for all providers that it can use. */
  readonly credentials: readonly string[];
  /** The names of the contacts in the agent's contact book. */
  readonly contacts: readonly string[];
  /** The agents to which this agent sends tasks. */
  readonly routesTo: readonly string[];
  /** The limits of the agent's queue of tasks; absent if the queue has no limits. */
  readonly queue?: QueueLimits;
  /**
   * The kind of program that the agent runs. The kind determines the name of the process, and the files from which the
   * program reads its identity.
   */
  readonly runtime: RuntimeKind;
  /** The entry in `runtimes` that the agent uses. Absent if its program is not pinned. */
  readonly pinned?: string;
  /** The agent's model and the model's provider, if they are declared. */
  readonly model: ModelChoice;
  /**
   * The models that the runtime itself tries, in this order, when `model` fails. Absent if the runtime tries no other
   * model.
   */
  readonly fallbacks?: readonly ModelChoice[];
  /**
   * The settings files of the runtime. In `files`, the keys must have the given values. The identity can override the
   * keys in `defaults`. `programs` are complete files that the runtime reads when it starts.
   */
  readonly settings: Required<Pick<Settings, "files" | "defaults">> & Pick<Settings, "programs">;
  /**
   * The rules by which the deadman changes the provider when a provider fails. Absent if the deadman never
   * changes the provider.
   */
  readonly failover?: FailoverSpec;
  /**
   * The program and its arguments. The program is looked up in the PATH of `env`. A program name that
   * contains a `/` is a path relative to `workdir`.
   */
  readonly command: readonly string[];
  /** The runtime whose own conversation each start continues. Absent if each start begins a new conversation. */
  readonly session?: RuntimeKind;
  /** What the first start after a change of the identity does. */
  readonly onIdentityChange: OnIdentityChange;
  readonly workdir: string;
  /** The git repository whose files the agent uses; absent if none is declared. */
  readonly repository?: RepositorySpec;
  /** The environment variables, which always include PATH. */
  readonly env: Readonly<Record<string, string>>;
  /**
   * The maximum time in seconds between two pings of the systemd watchdog; 0 if the agent has no watchdog.
   */
  readonly watchdog: number;
  /**
   * The services or sessions that ran the agent before Muster managed it. When Muster takes over the agent, it stops
   * and disables these services and sessions.
   */
  readonly replaces: readonly FormerSpec[];
  /** The data to copy from homes of other accounts: the absolute path of the source, by the path of the copy. */
  readonly copies: Readonly<Record<string, string>>;
  /**
   * `later`: a service or session in `replaces` still runs the agent, and Muster does not start the agent's own unit
   * yet.
   */
  readonly takeOver: "now" | "later";
  /** Whether the home and the learned contacts are moved aside or deleted when the agent is removed. */
  readonly onRemove: "aside" | "delete";
  readonly lifecycle: Lifecycle;
  readonly onChange: ChangePolicy;
  readonly heartbeat: Heartbeat;
  readonly restarts: RestartLimit;
  /**
   * The gates through which each start of the agent passes, with the minimum number of seconds between two starts through
   * the same gate. Absent if the agent starts immediately.
   */
  readonly gates?: Readonly<Record<string, number>>;
  /** The maintenance windows of the agent, of its host and of the fleet. */
  readonly maintenance: readonly MaintenanceWindow[];
  readonly limits: Limits;
  /** The supplementary groups of the agent's user. These groups must exist on the host. */
  readonly groups: readonly string[];
  readonly rights: RightsSpec;
  /** The sandbox restrictions that do not apply to the agent. */
  readonly allow: readonly SandboxException[];
}
