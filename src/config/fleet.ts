import type { CloudSpec } from "../host-kinds/droplet/spec.ts";
import type { ReaderSpec, TenantSpec } from "./fleet/access.ts";
import type { AgentSpec } from "./fleet/agents.ts";
import type { ContactSpec } from "./fleet/contacts.ts";
import type { CredentialSpec, ProviderSpec } from "./fleet/credentials.ts";
import type { HostSpecs } from "./fleet/hosts.ts";
import type { IdentitySpec } from "./fleet/identities.ts";
import type { JobSpec } from "./fleet/jobs.ts";
import type { ServiceSpec } from "./fleet/services.ts";

export type { ReaderSpec, TenantSpec } from "./fleet/access.ts";
export type { AgentSpec, ChoiceSpec, FailoverSpec } from "./fleet/agents.ts";
export { CONTACT_COLUMNS, type ContactSpec } from "./fleet/contacts.ts";
export type { CredentialSpec, ProviderSpec } from "./fleet/credentials.ts";
export type { HostSpec, HostSpecs } from "./fleet/hosts.ts";
export type { IdentityFile, IdentitySpec } from "./fleet/identities.ts";
export type { JobSpec } from "./fleet/jobs.ts";
export type { ServiceFile, ServiceSpec } from "./fleet/services.ts";

/**
 * fleet.yaml after it has been read, checked and resolved: every reference has a target, every default is
 * filled in, and the files that it names have been read. The object is frozen. Later stages do not see YAML.
 */
export interface Fleet {
  readonly name: string;
  /** The folder of fleet.yaml, absolute. */
  readonly dir: string;
  /** The path of fleet.yaml itself, absolute; absent in a fleet that was not read from a file. */
  readonly file?: string;
  readonly hosts: HostSpecs;
  /** The settings of all droplets; present if there is a droplet. */
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
