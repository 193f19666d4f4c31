import { isReserved } from "../../config/reserved-names.ts";
import {
  type Candidate,
  type Judged,
  sessionCandidates,
  systemCandidates,
  userServiceCandidates,
} from "./agent-candidates.ts";
import { credentialNames } from "./credential-names.ts";
import { type ProposedAgent, proposeAgent } from "./propose-agent.ts";
import type { ScannedHost, ScannedUser } from "./scanned-host.ts";
import { isPersonal } from "./unit-origin.ts";

export interface FoundAgents {
  readonly agents: readonly ProposedAgent[];
  /** Everything that cannot be declared as an agent, each with the reason. */
  readonly left: readonly string[];
}

const NAME = /^[a-z]([a-z0-9-]{0,29}[a-z0-9])?$/;

/**
 * Decides which programs on a host become agents. The first service of a user becomes the agent with the name of this
 * user. Every other agent gets a new user: an agent from another service of this user, and an agent from a program that
 * runs as root, in tmux or as Muster's login.
 *
 * @param logins the users with which Muster logs in to the host
 */
export function foundAgents(host: ScannedHost, logins: readonly string[]): FoundAgents {
  const all = [...systemCandidates(host), ...userServiceCandidates(host), ...sessionCandidates(host)];
  const judged = all.map((one) => withoutSystemUsers(one, host));
  const candidates = judged.filter((one) => typeof one !== "string");
  const sole = soleCandidates(candidates, host, logins);
  const names = credentialNames();
  const free = freeNames(
    host,
    [...sole.values()].map(({ name }) => name),
  );
  return {
    agents: candidates.map((one) => {
      const user = sole.get(one);
      if (user !== undefined) return proposeAgent(one, user, host, names);
      const from = host.accounts.find(({ name }) => name === one.formers[0].user)?.home ?? "";
      return proposeAgent(one, newUser(free(one)), host, names, from);
    }),
    left: judged.filter((one) => typeof one === "string"),
  };
}

/** Excludes the services of system users. Packages have created these users, so their services are not agents. */
function withoutSystemUsers(judged: Judged, { accounts }: ScannedHost): Judged {
  if (typeof judged === "string") return judged;
  const [{ name, user }] = judged.formers;
  const account = accounts.find((one) => one.name === user);
  if (account === undefined) return `${name} of user ${user}: the host has no such user`;
  if (account.uid === 0 || isPersonal(account.uid)) return judged;
  return `${name} of user ${user}: its uid ${account.uid} is that of a system user, which cannot be an agent. Declare it under \`services\` (docs/services.md)`;
}

/**
 * Returns the candidates that become the agent with the name of their user: the first service of the system, or the
 * only service of a user's own systemd.
 */
function soleCandidates(
  candidates: readonly Candidate[],
  host: ScannedHost,
  logins: readonly string[],
): Map<Candidate, ScannedUser> {
  const byUser = Map.groupBy(candidates, ({ formers: [{ user }] }) => user);
  return new Map(
    [...byUser].flatMap(([name, own]): [Candidate, ScannedUser][] => {
      const user = host.users.find((one) => one.name === name);
      const [first] = own;
      if (user === undefined || first === undefined || !canBeAgent(user, logins)) return [];
      const { manager } = first.formers[0];
      return manager === undefined || (manager === "user" && own.length === 1) ? [[first, user]] : [];
    }),
  );
}

function canBeAgent({ name, home }: ScannedUser, logins: readonly string[]): boolean {
  return NAME.test(name) && !isReserved(name) && home === `/home/${name}` && !logins.includes(name);
}

/** A user that does not exist yet. */
function newUser(name: string): ScannedUser {
  return { name, group: "", home: `/home/${name}`, mode: "", files: {}, keys: "", privileged: [] };
}

/**
 * Returns a function that names a new agent after its service or session. The function never returns the name of a user
 * on the host.
 */
function freeNames({ accounts }: ScannedHost, others: readonly string[]): (candidate: Candidate) => string {
  const taken = new Set([...accounts.map(({ name }) => name), ...others]);
  return ({ formers: [former] }) => {
    const own = former.name
      .replace(/\.service$/, "")
      .replace(/^.*@/, "")
      .toLowerCase();
    const base =
      own
        .replaceAll(/[^a-z0-9]+/g, "-")
        .replace(/^[^a-z]+/, "")
        .slice(0, 28)
        .replace(/-+$/, "") || "agent";
    for (let number = 1; ; number++) {
      const name = number === 1 ? base : `${base}-${number}`;
      if (taken.has(name) || isReserved(name)) continue;
      taken.add(name);
      return name;
    }
  };
}
