import type { CloudSpec } from "../host-kinds/droplet/spec.ts";
import type { AnyHostSpec } from "../host-kinds/registry.ts";
import type {
  ChangePolicy,
  Heartbeat,
  Lifecycle,
  MaintenanceWindow,
  OnUnhealthy,
  RestartLimit,
} from "../model/deadman.ts";
import type { FailoverPolicy } from "../model/failover.ts";
import type { HealthCheck } from "../model/health.ts";
import type { JobOverlap, JobRetry } from "../model/job.ts";
import type { Limits } from "../model/limits.ts";
import type { SandboxException } from "../model/sandbox-exceptions.ts";
import type { RuntimeKind } from "../runtimes/registry.ts";
import type { ModelChoice } from "../runtimes/runtime.ts";
import type { Lasting } from "./host-spec.ts";
import type { OpenPort } from "./open-port.ts";

/**
 * fleet.yaml after it was read, checked and resolved: every reference is known to lead somewhere,
 * every default is filled in, files are read. Frozen; nothing after this sees YAML.
 */
export interface Fleet {
  readonly name: string;
  /** The folder that fleet.yaml stands in, absolute. */
  readonly dir: string;
  /** The path of fleet.yaml itself, absolute; absent in a fleet that was not read from a file. */
  readonly file?: string;
  readonly hosts: HostSpecs;
  /** What droplets have in common; there wherever there is a droplet. */
  readonly cloud?: CloudSpec;
  readonly tenants: Readonly<Record<string, TenantSpec>>;
  readonly providers: Readonly<Record<string, ProviderSpec>>;
  readonly credentials: Readonly<Record<string, CredentialSpec>>;
  readonly identities: Readonly<Record<string, IdentitySpec>>;
  readonly contacts: Readonly<Record<string, ContactSpec>>;
  readonly agents: Readonly<Record<string, AgentSpec>>;
  readonly services: Readonly<Record<string, ServiceSpec>>;
  readonly readers: Readonly<Record<string, ReaderSpec>>;
  readonly jobs: Readonly<Record<string, JobSpec>>;
}

export type HostSpec = AnyHostSpec;

export type HostSpecs = Readonly<Record<string, HostSpec>>;

export interface TenantSpec extends Lasting {
  readonly name: string;
  /** `agent`: a uid for each agent. `tenant`: one uid for all of them, who can read each other's secrets. */
  readonly isolation: "agent" | "tenant";
  /** The public key of its stack, such as `ssh-ed25519 AAAA…`; without one it has none and is in everybody's. */
  readonly key?: string;
  /** Of all its agents on one host together. */
  readonly limits: Limits;
}

/** A provider of models: what a credential belongs to. */
export interface ProviderSpec {
  readonly name: string;
  /** What runtimes call it, such as `anthropic`: two accounts with one vendor are two providers. */
  readonly vendor: string;
  readonly account?: string;
  readonly region?: string;
  /** How a host finds out whether it works; without one it counts as well. */
  readonly probe?: HealthCheck;
}

export interface CredentialSpec {
  readonly name: string;
  /** `config:NAME`, `env:NAME` or `file:PATH` (absolute here): where the value comes from, never the value. */
  readonly from: string;
  readonly type: "api-key" | "oauth" | "password" | "other";
  readonly provider?: string;
  /** The environment variable that the agent finds it in. */
  readonly env?: string;
  /** Why more than one agent may hold it. */
  readonly sharedBecause?: string;
}

export interface IdentitySpec {
  readonly name: string;
  /** By path relative to the agent's home; `SOUL.md` is one of them. */
  readonly files: Readonly<Record<string, IdentityFile>>;
}

export interface IdentityFile {
  readonly text: string;
  /** Four octal digits. */
  readonly mode: string;
}

/** One row of every contact book; column names are CONTACT_COLUMNS. */
export interface ContactSpec {
  readonly name: string;
  readonly columns: Readonly<Record<string, string>>;
}

/** One of the providers that an agent may run on, and how it runs then. */
export interface ChoiceSpec {
  /** Its name in fleet.yaml. */
  readonly provider: string;
  readonly model: ModelChoice;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Of those that the agent holds, the ones that are for every run or for this. */
  readonly credentials: readonly string[];
}

/** Which provider an agent runs on, and when it changes. */
export interface FailoverSpec extends Omit<FailoverPolicy, "providers"> {
  /** The best first, which is what the agent itself says; at least two. */
  readonly choices: readonly ChoiceSpec[];
}

export interface AgentSpec extends Lasting {
  readonly name: string;
  readonly host: string;
  readonly tenant: string;
  /** The Linux user it runs as: its own name, or its tenant's under `isolation: tenant`. */
  readonly user: string;
  readonly home: string;
  readonly identity: string;
  /** All that it holds, of every provider that it may run on. */
  readonly credentials: readonly string[];
  /** The contacts in its book, by name. */
  readonly contacts: readonly string[];
  /** The agents that it routes tasks to. */
  readonly routesTo: readonly string[];
  /** What its program is, which decides where that reads who it is and how its process is called. */
  readonly runtime: RuntimeKind;
  /** Of which provider its model is, as far as that is declared. */
  readonly model: ModelChoice;
  /** What its runtime goes to by itself where that fails, in this order. */
  readonly fallbacks?: readonly ModelChoice[];
  /** There where the deadman has it run on another provider when one fails. */
  readonly failover?: FailoverSpec;
  /** The program and its arguments; the first is found in the PATH of `env`, or from `workdir` where it has a `/`. */
  readonly command: readonly string[];
  readonly workdir: string;
  /** Always with a PATH. */
  readonly env: Readonly<Record<string, string>>;
  /** Seconds within which the program must ping systemd's watchdog; 0: it does not. */
  readonly watchdog: number;
  /** Services of the host's own that ran it before; they are stopped and disabled. */
  readonly replaces: readonly string[];
  /** `later`: they run it still, and its own unit waits. */
  readonly takeOver: "now" | "later";
  /** What becomes of its home and of the contacts that it learned, when it is removed. */
  readonly onRemove: "aside" | "delete";
  readonly lifecycle: Lifecycle;
  readonly onChange: ChangePolicy;
  readonly heartbeat: Heartbeat;
  readonly restarts: RestartLimit;
  /** Its own windows, its host's and the fleet's. */
  readonly maintenance: readonly MaintenanceWindow[];
  readonly limits: Limits;
  /** What its unit does not keep it from. */
  readonly allow: readonly SandboxException[];
}

/** What is run at certain times, of an agent or of a host. */
export interface JobSpec {
  readonly name: string;
  /** That of its agent, where it has one. */
  readonly host: string;
  /** Whose job it is, and so whose user, folder and environment it has; left out: the host's own. */
  readonly agent?: string;
  /** The Linux user of a host's job; left out: one that systemd makes for each run. */
  readonly user?: string;
  /** When, as systemd.time(7) has calendar events; at least one. */
  readonly schedule: readonly string[];
  readonly command: readonly string[];
  /** Of a host's job; of an agent's its agent's. */
  readonly workdir: string;
  /** Besides its agent's; of a host's job with a PATH. */
  readonly env: Readonly<Record<string, string>>;
  /** Seconds. */
  readonly timeout: number;
  readonly overlap: JobOverlap;
  readonly catchUp: boolean;
  readonly retry: JobRetry;
}

/** A systemd service of a host. */
export interface ServiceSpec {
  readonly name: string;
  readonly host: string;
  /** Its unit, such as `gitea.service`. */
  readonly unit: string;
  /** What a droplet's firewall lets in for it. */
  readonly open: readonly OpenPort[];
  /** Debian's packages that it needs. */
  readonly packages: readonly string[];
  /** The unit's own text; left out: its package's, or what was there before. */
  readonly text?: string;
  /** Files that it reads when it starts, by their absolute path. */
  readonly files: Readonly<Record<string, ServiceFile>>;
  /** The user of the host that it runs as. */
  readonly user: string;
  /** How that user is made; left out: it is there already. */
  readonly account?: { readonly home: string; readonly shell: string };
  readonly credentials: readonly string[];
  /** UnitFileState: `static` where the text has no [Install]. */
  readonly enabled: "enabled" | "disabled" | "static";
  readonly running: boolean;
  readonly health?: HealthCheck;
  /** Seconds after each start in which a failed check counts for nothing. */
  readonly grace: number;
  readonly onUnhealthy: OnUnhealthy;
  readonly restarts: RestartLimit;
  /** Its own windows, its host's and the fleet's. */
  readonly maintenance: readonly MaintenanceWindow[];
  readonly protect: boolean;
}

export interface ServiceFile extends IdentityFile {
  readonly owner: string;
  readonly group: string;
}

/** A key that may look at what was applied on the hosts, and can change nothing: for CI. */
export interface ReaderSpec {
  readonly name: string;
  /** Its public half, such as `ssh-ed25519 AAAA…`. */
  readonly key: string;
  /** The one tenant whose resources it may look at; left out: all. */
  readonly tenant?: string;
}

/** Columns of the table `contacts`, all TEXT; `name` is the key. */
export const CONTACT_COLUMNS = [
  "display_name",
  "type",
  "agent_id",
  "btc_address",
  "stx_address",
  "bns_name",
  "email",
  "github_handle",
  "x_handle",
  "website",
  "host",
  "notes",
] as const;
