import { isReserved } from "../../config/reserved-names.ts";
import type { ImportedHost } from "../../host-kinds/imported-host.ts";
import { contactsIn } from "./contacts.ts";
import { mergedContacts } from "./merged-contacts.ts";
import type { ScannedHost, ScannedUser } from "./parse-scan.ts";
import { type ProposedAgent, proposeAgent } from "./propose-agent.ts";

/** A fleet.yaml that describes an existing host. */
export interface Proposal {
  readonly fleet: object;
  /** The texts of the identity files, by their path relative to fleet.yaml. */
  readonly files: Readonly<Record<string, string>>;
  /** Sentences about what a person should know or decide before `up`. */
  readonly notes: readonly string[];
  /** What was found but cannot be declared. */
  readonly left: readonly string[];
  /** Names of the secrets that must be set in the stack's configuration. */
  readonly secrets: readonly string[];
}

/**
 * Proposes declarations for what a scan has found on a host.
 *
 * @param tenant the tenant of all its agents; by default their common group, or `team`
 */
export function proposalOf(host: ImportedHost, seen: ScannedHost, tenant?: string): Proposal {
  const found = seen.users.map((user) => foundOf(user, seen));
  const agents = found.flatMap(({ agent }) => agent ?? []);
  const group = tenant ?? commonGroup(agents.map(({ user }) => user)) ?? "team";
  const books = agents.flatMap(({ user, agent }) => {
    const rows = user.book && contactsIn(user.book, user.bookLog);
    return rows === undefined ? [] : [{ agent: agent.name, rows }];
  });
  const contacts = mergedContacts(
    agents.map(({ agent }) => agent.name),
    books,
  );
  const byName = <T>(make: (one: ProposedAgent) => T) =>
    Object.fromEntries(agents.map((one) => [one.agent.name, make(one)]));
  return {
    fleet: {
      apiVersion: "muster/v1",
      kind: "Fleet",
      name: "imported",
      ...(host.cloud !== undefined && { cloud: host.cloud }),
      hosts: { [host.name]: host.entry },
      tenants: { [group]: {} },
      credentials: Object.assign({}, ...agents.map(({ credentials }) => credentials)),
      identities: byName(({ identity }) => identity),
      contacts: contacts.declared,
      agents: byName(({ agent: { name, ...agent } }) => ({
        host: host.name,
        tenant: group,
        ...agent,
        contacts: contacts.of(name),
      })),
    },
    files: Object.assign({}, ...agents.map(({ files }) => files)),
    notes: [
      ...host.notes,
      ...agents.flatMap(({ notes }) => notes),
      ...contacts.notes,
      ...groupNotes(agents, group),
    ],
    left: [
      ...host.left,
      ...found.flatMap(({ left }) => left),
      ...seen.left,
      ...seen.stacks.map(stackSentence),
    ],
    secrets: agents.flatMap(({ credentials }) => Object.keys(credentials)),
  };
}

interface Found {
  readonly agent?: ProposedAgent;
  readonly left: readonly string[];
}

/** Proposes a user as an agent if a service runs as this user and the user's home is /home/NAME. */
function foundOf(user: ScannedUser, { services }: ScannedHost): Found {
  const own = services.filter((service) => service.user === user.name);
  const units = own.map(({ unit }) => unit).join(", ");
  if (own.length === 0) return { left: [`user ${user.name}: no service runs as it, so it is not an agent`] };
  if (own.every(({ unit }) => unit.startsWith("muster-"))) return { left: [] };
  if (!/^[a-z]([a-z0-9-]{0,29}[a-z0-9])?$/.test(user.name) || isReserved(user.name)) {
    return { left: [`${units} of user ${user.name}: an agent cannot have that name`] };
  }
  if (user.home !== `/home/${user.name}`) {
    return {
      left: [
        `${units} of user ${user.name}: its home is ${user.home}, but an agent's home must be /home/${user.name}`,
      ],
    };
  }
  return proposeAgent(user, own);
}

/** Returns the primary group that all users share, unless it is one user's own group. */
function commonGroup(users: readonly ScannedUser[]): string | undefined {
  const [group, ...others] = [...new Set(users.map((user) => user.group))];
  const isOne = group !== undefined && others.length === 0 && !users.some(({ name }) => name === group);
  return isOne && /^[a-z]([a-z0-9-]{0,29}[a-z0-9])?$/.test(group) && !isReserved(group) ? group : undefined;
}

function groupNotes(agents: readonly ProposedAgent[], group: string): string[] {
  const changing = agents.filter(({ user }) => user.group !== group).map(({ user }) => user.name);
  if (changing.length === 0) return [];
  return [
    `\`up\` makes ${group} the primary group of ${changing.join(", ")}, and changes the mode of their homes to 0700.`,
  ];
}

function stackSentence(owner: string): string {
  return `resources of the stack ${owner}: docs/tenants.md describes how another stack takes them over`;
}
