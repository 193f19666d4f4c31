import { visible } from "../../base/terminal-text.ts";
import { isSudoGroup } from "../../model/group-powers.ts";
import { fingerprintOf } from "../../model/login-key.ts";
import { readSudoRules, sudoRulesOf } from "../../model/sudo-rules.ts";
import type { Group, ScannedHost, ScannedUser } from "./scanned-host.ts";

/** The rights of a user on its host beyond the access to its own files. */
export interface ExtraRights {
  readonly groups: readonly string[];
  /** The lines of sudoers that name the user. */
  readonly sudo: readonly string[];
  /** The fingerprints of the keys that can log in as the user. */
  readonly keys: readonly string[];
  readonly linger: boolean;
  readonly files: readonly string[];
}

export function extraRights(user: ScannedUser, host: ScannedHost): ExtraRights {
  const groups = host.groups.filter(
    ({ name, members }) => members.includes(user.name) && name !== user.group,
  );
  return {
    groups: groups.map(({ name }) => name).sort(),
    sudo: sudoLines(user, groups, host),
    keys: [...new Set(user.keys.split("\n").flatMap((line) => fingerprintOf(line) ?? []))].sort(),
    linger: host.linger.includes(user.name),
    files: [...new Set(user.privileged.map(visible))].sort(),
  };
}

/** Returns the lines of sudoers that give rights to a user. `fleet drift` finds the same lines. */
function sudoLines({ name, group }: ScannedUser, more: readonly Group[], host: ScannedHost): string[] {
  const account = host.accounts.find((one) => one.name === name);
  if (account === undefined) return [];
  const paths = [...host.sudoers.keys()];
  const rules = readSudoRules({
    text: (path) => host.sudoers.get(path),
    names: (folder) =>
      paths.flatMap((path) => (path.startsWith(`${folder}/`) ? [path.slice(folder.length + 1)] : [])),
  });
  const first = { name: group, gid: account.gid };
  return [
    ...new Set(
      sudoRulesOf(rules, { name, uid: account.uid, groups: [first, ...more] }).map(({ line }) => line),
    ),
  ];
}

/** Returns the declaration of the rights, for the agent's entry in fleet.yaml. */
export function declaredRights({ groups, ...rights }: ExtraRights): object {
  const some = Object.entries(rights).filter(([, right]) =>
    Array.isArray(right) ? right.length > 0 : right,
  );
  return {
    ...(groups.length > 0 && { groups }),
    ...(some.length > 0 && { rights: Object.fromEntries(some) }),
  };
}

/**
 * Returns sentences about the agent's current rights. Each sentence says whether the right also works in Muster's unit.
 */
export function rightsNotes(name: string, rights: ExtraRights, { privileged }: ScannedHost): string[] {
  const { groups, sudo, linger, keys, files } = rights;
  const canSudo = privileged.includes("sudo") && (sudo.length > 0 || groups.some(isSudoGroup));
  return [
    ...(canSudo ? [`${name}: it may use sudo today. In Muster's unit, sudo does not work.`] : []),
    ...(groups.length > 0
      ? [
          `${name}: it is in the groups ${groups.join(", ")}, and keeps them${powerOf(groups)}. Remove from \`groups\` what it does not need.`,
        ]
      : []),
    ...(linger ? [`${name}: its own systemd runs without a login, outside of Muster's unit.`] : []),
    ...(keys.length > 0
      ? [`${name}: ${keys.length} SSH keys can log in as this user, outside of Muster's unit.`]
      : []),
    ...(files.length > 0
      ? [
          `${name}: it has files with other rights (${files.join("; ")}). In its unit, they do not get these rights.`,
        ]
      : []),
  ];
}

/** Returns one sentence for all agents about the programs that need more privileges than an agent's unit has. */
export function privilegedNotes({ privileged }: ScannedHost): string[] {
  if (privileged.length === 0) return [];
  return [
    `all agents: in Muster's units, programs get no rights from setuid, setgid or file capabilities. On this host, ` +
      `that concerns ${privileged.join(", ")} and similar programs (docs/isolation.md).`,
  ];
}

function powerOf(groups: readonly string[]): string {
  const powerful = groups.filter((one) =>
    /^(docker|lxd|incus|incus-admin|podman|disk|root|shadow|kmem)$/.test(one),
  );
  return powerful.length === 0
    ? ""
    : `; ${powerful.join(" and ")} can give it root privileges, even in Muster's unit`;
}
