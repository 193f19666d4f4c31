import { AGENT_PARTS, type AgentPart } from "./parts.ts";

/**
 * The parsed id of a resource. Ids are stable over runs: records on hosts and Pulumi's names contain them. Each ends
 * with a suffix of its own, because agents may also be called `jobs` or `host`.
 */
export type ResourceId =
  | { readonly kind: "host" | "jobs"; readonly host: string }
  | { readonly kind: "tenant" | "reader"; readonly host: string; readonly name: string }
  | { readonly kind: "account" | "service"; readonly host: string; readonly name: string }
  | {
      readonly kind: "agent";
      readonly host: string;
      readonly name: string;
      /** The part that this resource was, before an agent was one resource. */
      readonly part?: AgentPart;
    };

export const hostId = (host: string): string => `${host}/host`;
export const hostJobsId = (host: string): string => `${host}/jobs`;
export const tenantId = (host: string, tenant: string): string => `${host}/tenant-${tenant}`;
export const readerId = (host: string, reader: string): string => `${host}/reader-${reader}`;
export const agentId = (host: string, agent: string): string => `${host}/${agent}/agent`;
export const accountId = (host: string, agent: string): string => `${host}/${agent}/account`;
export const serviceId = (host: string, service: string): string => `${host}/${service}/service`;

/** The id of a part of an agent, from the time when it was a resource of its own. */
export const formerPartId = (host: string, agent: string, part: AgentPart): string =>
  `${host}/${agent}/${part}`;

/**
 * Parses an id.
 *
 * @returns undefined for what is not an id of a resource, such as the name of a local host's machine
 */
export function parseId(id: string): ResourceId | undefined {
  const [host = "", second, third, ...rest] = id.split("/");
  if (host === "" || second === undefined || second === "" || rest.length > 0) return undefined;
  return third === undefined ? parseShort(host, second) : parseLong(host, second, third);
}

function parseShort(host: string, word: string): ResourceId | undefined {
  if (word === "host" || word === "jobs") return { kind: word, host };
  const [, kind, name] = /^(tenant|reader)-(.+)$/s.exec(word) ?? [];
  return name === undefined ? undefined : { kind: kind as "tenant" | "reader", host, name };
}

function parseLong(host: string, name: string, suffix: string): ResourceId | undefined {
  if (suffix === "agent" || suffix === "account" || suffix === "service") return { kind: suffix, host, name };
  const part = AGENT_PARTS.find((one) => one === suffix);
  return part === undefined ? undefined : { kind: "agent", host, name, part };
}

/**
 * The host that the Pulumi name of a resource begins with, ours or a vendor's: `east` in `east/iris/agent`,
 * `east/setup/1`.
 */
export function hostOf(name: string): string {
  return name.split("/")[0] ?? name;
}

/** The agent that a resource is; undefined where it is not an Agent. */
export function agentOf(id: string): string | undefined {
  const parsed = parseId(id);
  return parsed?.kind === "agent" ? parsed.name : undefined;
}

/** What a resource belongs to, in terms that people know. */
export interface ResourceSubject {
  readonly kind: "host" | "tenant" | "reader" | "agent" | "service";
  readonly host: string;
  /** The host's own name for a host. */
  readonly name: string;
}

/** What a resource belongs to: an agent's account belongs to the agent, a host's jobs and its machine to the host. */
export function subjectOf(id: string): ResourceSubject {
  const parsed = parseId(id);
  if (parsed === undefined) return { kind: "host", host: id, name: id };
  const { host } = parsed;
  if (!("name" in parsed)) return { kind: "host", host, name: host };
  return { kind: parsed.kind === "account" ? "agent" : parsed.kind, host, name: parsed.name };
}

/** A key that two resources share if they belong to the same agent, tenant, reader, service or host. */
export function subjectKey(id: string): string {
  const { kind, host, name } = subjectOf(id);
  return `${host}/${kind}/${name}`;
}
