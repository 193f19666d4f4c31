import { AGENT_PARTS, type AgentPart } from "./agent-parts.ts";

/**
 * The parsed id of a resource. An id never changes, because records on hosts and Pulumi names contain it. Each kind of
 * id has its own suffix. Otherwise, the id of an agent with the name `jobs` or `host` would be ambiguous.
 */
export type ResourceId =
  | { readonly kind: "host" | "jobs" | "handoffs"; readonly host: string }
  | { readonly kind: "tenant" | "reader"; readonly host: string; readonly name: string }
  | { readonly kind: "account" | "service" | "installation"; readonly host: string; readonly name: string }
  | {
      readonly kind: "agent";
      readonly host: string;
      readonly name: string;
      /** Only in ids from before version 0.2, when each part of an agent was a separate resource. */
      readonly part?: AgentPart;
    };

export const hostId = (host: string): string => `${host}/host`;
export const hostJobsId = (host: string): string => `${host}/jobs`;
export const handoffsId = (host: string): string => `${host}/handoffs`;
export const tenantId = (host: string, tenant: string): string => `${host}/tenant-${tenant}`;
export const readerId = (host: string, reader: string): string => `${host}/reader-${reader}`;
export const agentId = (host: string, agent: string): string => `${host}/${agent}/agent`;
export const accountId = (host: string, agent: string): string => `${host}/${agent}/account`;
export const installationId = (host: string, runtime: string): string => `${host}/${runtime}/installation`;
export const serviceId = (host: string, service: string): string => `${host}/${service}/service`;

/** Returns the id that a part of an agent had before version 0.2, when it was a separate resource. */
export const formerPartId = (host: string, agent: string, part: AgentPart): string =>
  `${host}/${agent}/${part}`;

/**
 * Parses a resource's id.
 *
 * @returns undefined for any other text, such as the Pulumi name of a local host's machine
 */
export function parseId(id: string): ResourceId | undefined {
  const [host = "", second, third, ...rest] = id.split("/");
  if (host === "" || second === undefined || second === "" || rest.length > 0) return undefined;
  return third === undefined ? parseShort(host, second) : parseLong(host, second, third);
}

function parseShort(host: string, word: string): ResourceId | undefined {
  if (word === "host" || word === "jobs" || word === "handoffs") return { kind: word, host };
  const [, kind, name] = /^(tenant|reader)-(.+)$/s.exec(word) ?? [];
  return name === undefined ? undefined : { kind: kind as "tenant" | "reader", host, name };
}

function parseLong(host: string, name: string, suffix: string): ResourceId | undefined {
  if (suffix === "agent" || suffix === "account" || suffix === "service" || suffix === "installation")
    return { kind: suffix, host, name };
  const part = AGENT_PARTS.find((one) => one === suffix);
  return part === undefined ? undefined : { kind: "agent", host, name, part };
}

/**
 * Returns the host at the beginning of a resource's Pulumi name: `east` for `east/iris/agent`. The names of
 * resources that a host kind creates, such as `east/setup/1`, also begin with the host.
 */
export function hostOf(name: string): string {
  return name.split("/")[0] ?? name;
}

/**
 * Returns the agent's name from the id of an Agent resource or of a former part; undefined for any other id.
 */
export function agentOf(id: string): string | undefined {
  const parsed = parseId(id);
  return parsed?.kind === "agent" ? parsed.name : undefined;
}

/** The host, tenant, reader, agent or service to which a resource belongs. */
export interface ResourceSubject {
  readonly kind: "host" | "tenant" | "reader" | "agent" | "service";
  readonly host: string;
  /** The name of the tenant, reader, agent or service; for the kind `host`, the host's name. */
  readonly name: string;
}

/**
 * Returns the host, tenant, reader, agent or service to which a resource belongs. An account belongs to its agent. A
 * host's jobs, handoffs, machine and installed runtimes belong to the host.
 */
export function subjectOf(id: string): ResourceSubject {
  const parsed = parseId(id);
  if (parsed === undefined) return { kind: "host", host: id, name: id };
  const { host } = parsed;
  if (!("name" in parsed) || parsed.kind === "installation") return { kind: "host", host, name: host };
  return { kind: parsed.kind === "account" ? "agent" : parsed.kind, host, name: parsed.name };
}

/** Returns a key that is the same for all resources of one agent, tenant, reader, service or host. */
export function subjectKey(id: string): string {
  const { kind, host, name } = subjectOf(id);
  return `${host}/${kind}/${name}`;
}
