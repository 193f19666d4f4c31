import type { CloudSpec } from "../host-kinds/droplet/spec.ts";
import type { RecurrencePolicy } from "../model/recurrence.ts";
import type { AgentSpec } from "./fleet/agents.ts";
import type { BudgetSpec } from "./fleet/budgets.ts";
import type { ContactSpec } from "./fleet/contacts.ts";
import type { CredentialSpec, ProviderSpec } from "./fleet/credentials.ts";
import type { HostSpecs } from "./fleet/hosts.ts";
import type { IdentitySpec } from "./fleet/identities.ts";
import type { JobSpec } from "./fleet/jobs.ts";
import type { MonitoringSpec } from "./fleet/monitoring.ts";
import type { RouteSpec } from "./fleet/routes.ts";
import type { RuntimeSpec } from "./fleet/runtimes.ts";
import type { ServiceSpec } from "./fleet/services.ts";
import type { ReaderSpec, TenantSpec } from "./fleet/tenants-and-readers.ts";

export type { AgentSpec, ChoiceSpec, FailoverSpec, FormerSpec, RightsSpec } from "./fleet/agents.ts";
export type { BudgetSpec } from "./fleet/budgets.ts";
export { CONTACT_COLUMNS, type ContactSpec } from "./fleet/contacts.ts";
export type { CredentialSpec, ProviderSpec } from "./fleet/credentials.ts";
export type { HostSpec, HostSpecs } from "./fleet/hosts.ts";
export type { IdentityFile, IdentitySpec } from "./fleet/identities.ts";
export type { JobSpec } from "./fleet/jobs.ts";
export type { RouteSpec } from "./fleet/routes.ts";
export type { RuntimeSpec } from "./fleet/runtimes.ts";
export type { ServiceFile, ServiceSpec } from "./fleet/services.ts";
export type { ReaderSpec, TenantSpec } from "./fleet/tenants-and-readers.ts";

/**
 * A fleet.yaml that has been read, checked and resolved: every reference has a target, all defaults are
 * filled in, and the files that fleet.yaml names have been read. The object is frozen. Later stages do not
 * read YAML.
 */
export interface Fleet {
  readonly name: string;
  /** The absolute path of the folder that contains fleet.yaml. */
  readonly dir: string;
  /** The absolute path of fleet.yaml; absent if the fleet was not read from a file. */
  readonly file?: string;
  readonly hosts: HostSpecs;
  /** The settings that all droplets share; absent if fleet.yaml has no `cloud` section. */
  readonly cloud?: CloudSpec;
  readonly tenants: Readonly<Record<string, TenantSpec>>;
  readonly runtimes: Readonly<Record<string, RuntimeSpec>>;
  readonly providers: Readonly<Record<string, ProviderSpec>>;
  readonly credentials: Readonly<Record<string, CredentialSpec>>;
  readonly identities: Readonly<Record<string, IdentitySpec>>;
  readonly contacts: Readonly<Record<string, ContactSpec>>;
  readonly agents: Readonly<Record<string, AgentSpec>>;
  readonly services: Readonly<Record<string, ServiceSpec>>;
  readonly readers: Readonly<Record<string, ReaderSpec>>;
  readonly jobs: Readonly<Record<string, JobSpec>>;
  readonly routes: Readonly<Record<string, RouteSpec>>;
  readonly budgets: Readonly<Record<string, BudgetSpec>>;
  readonly recurrence: RecurrencePolicy;
  /** The monitoring of the fleet; absent if fleet.yaml has no `monitoring` section. Its services are in `services`. */
  readonly monitoring?: MonitoringSpec;
}
