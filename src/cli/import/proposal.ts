import { isReserved } from "../../config/reserved-names.ts";
import type { ImportedHost } from "../../host-kinds/import-types.ts";
import { privilegedNotes } from "./extra-rights.ts";
import { foundAgents } from "./found-agents.ts";
import { mergedContacts } from "./merge-contact-books.ts";
import type { ProposedAgent } from "./propose-agent.ts";
import { contactsIn } from "./read-contact-book.ts";
import type { ScannedHost, ScannedUser } from "./scanned-host.ts";
import { sharedValues } from "./shared-credentials.ts";
import { leftovers } from "./undeclared-programs.ts";

/** A fleet.yaml that describes an existing host. */
export interface Proposal {
  readonly fleet: object;
  /** The texts of the identity files, by their path relative to fleet.yaml. */
  readonly files: Readonly<Record<string, string>>;
  /** Sentences about facts that a person should know, and about decisions that a person should make, before `up`. */
  readonly notes: readonly string[];
  /** The programs and files that were found but cannot be declared. */
  readonly left: readonly string[];
  /** Names of the secrets that must be set in the stack's configuration. */
  readonly secrets: readonly string[];
}

/**
 * Proposes declarations for the agents and files that a scan has found on a host.
 *
 * @param tenant the tenant of all the host's agents; by default the common primary group of the agents' users, or
 *   `team` if there is none
 */
export function proposalOf(host: ImportedHost, seen: ScannedHost, tenant?: string): Proposal {
  const { agents, left } = foundAgents(seen, [
    ...new Set([seen.login, ...(host.login === undefined ? [] : [host.login])]),
  ]);
  const group = tenant ?? commonGroup(agents.flatMap(({ user, isNew }) => (isNew ? [] : [user]))) ?? "team";
  const { contacts, unread } = contactsOf(agents);
  const { credentials, notes: sharedNotes } = sharedValues(agents);
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
      credentials,
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
      ...(agents.length > 0 ? privilegedNotes(seen) : []),
      ...sharedNotes,
      ...contacts.notes,
      ...groupNotes(agents, group, seen),
    ],
    left: [
      ...host.left,
      ...left,
      ...agents.flatMap((one) => one.left),
      ...unread,
      ...leftovers(seen),
      ...(seen.isSearched
        ? []
        : ["files with setuid or capabilities: the search in the homes took too long"]),
      ...stackSentences(seen),
    ],
    secrets: Object.keys(credentials),
  };
}

/** Merges the contact books of the agents, and lists the books that cannot be read. */
function contactsOf(agents: readonly ProposedAgent[]) {
  const read = agents.flatMap(({ user, agent }) =>
    user.book === undefined ? [] : [{ agent: agent.name, rows: contactsIn(user.book, user.bookLog) }],
  );
  const names = agents.map(({ agent }) => agent.name);
  return {
    contacts: mergedContacts(
      names,
      read.flatMap(({ agent, rows }) => (rows === undefined ? [] : [{ agent, rows }])),
    ),
    unread: read.flatMap(({ agent, rows }) =>
      rows === undefined
        ? [
            `contacts.db of ${agent}: it was not read. It is larger than 16 MB, or is not a database with a plain table \`contacts\` and a column \`name\``,
          ]
        : [],
    ),
  };
}

/** Returns the primary group that all users share, unless this group is one user's own group. */
function commonGroup(users: readonly ScannedUser[]): string | undefined {
  const [group, ...others] = [...new Set(users.map((user) => user.group))];
  const isOne = group !== undefined && others.length === 0 && !users.some(({ name }) => name === group);
  return isOne && /^[a-z]([a-z0-9-]{0,29}[a-z0-9])?$/.test(group) && !isReserved(group) ? group : undefined;
}

/**
 * Returns sentences about the changes to the agents' groups and homes, and about the other users that these changes
 * affect.
 */
function groupNotes(agents: readonly ProposedAgent[], group: string, seen: ScannedHost): string[] {
  const changing = agents.filter(({ user, isNew }) => !isNew && user.group !== group).map(({ user }) => user);
  if (changing.length === 0) return [];
  const readers = changing.flatMap((user) => {
    const others = othersIn(user, seen);
    return others.length > 0 && /[1-7].$/.test(user.mode)
      ? [`${others.join(", ")} (home of ${user.name})`]
      : [];
  });
  return [
    `\`up\` makes ${group} the primary group of ${changing.map(({ name }) => name).join(", ")}, and changes the mode of their homes to 0700.`,
    ...(readers.length > 0
      ? [`these users can then no longer read homes that they can read today: ${readers.join("; ")}.`]
      : []),
  ];
}

/** Returns the other users in a user's primary group. */
function othersIn({ name, group }: ScannedUser, { groups, accounts }: ScannedHost): string[] {
  const found = groups.find((one) => one.name === group);
  const byNumber = accounts.filter(({ gid }) => gid === found?.gid).map((account) => account.name);
  return [...new Set([...(found?.members ?? []), ...byNumber])].filter((one) => one !== name).sort();
}

function stackSentences({ records }: ScannedHost): string[] {
  const byOwner = Map.groupBy(records, ({ owner }) => owner);
  return [...byOwner].map(([owner, own]) => {
    const users = [...new Set(own.flatMap((record) => record.users))].sort();
    const whose = users.length === 0 ? "" : ` (users ${users.join(", ")})`;
    return `resources of the stack ${owner}${whose}: docs/tenants.md describes how another stack takes them over`;
  });
}
