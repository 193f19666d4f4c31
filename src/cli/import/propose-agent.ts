import { type Former, formerLabel } from "../../model/former-unit.ts";
import type { Candidate } from "./agent-candidates.ts";
import type { ServiceCommand } from "./command-words.ts";
import type { CredentialNames } from "./credential-names.ts";
import { declaredRights, extraRights, rightsNotes } from "./extra-rights.ts";
import { type Relocated, relocated } from "./move-paths-to-new-home.ts";
import { newIdentity, proposeIdentity } from "./propose-identity.ts";
import type { ScannedHost, ScannedService, ScannedUser } from "./scanned-host.ts";
import type { CarriedSettings } from "./service-settings.ts";
import { carriedSettings } from "./service-settings.ts";
import { openCommand, type ServiceVariables, variablesOf } from "./service-variables.ts";

/** A user of a host, proposed as an agent for fleet.yaml. */
export interface ProposedAgent {
  readonly user: ScannedUser;
  /** Whether the user must be created, because it does not exist yet. */
  readonly isNew: boolean;
  readonly agent: { readonly name: string } & Readonly<Record<string, unknown>>;
  readonly identity: object;
  readonly credentials: Readonly<Record<string, ProposedCredential>>;
  /** The values of the credentials. These values are compared with each other, but never written or printed. */
  readonly values: ReadonlyMap<string, string>;
  readonly files: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
  readonly left: readonly string[];
}

export interface ProposedCredential {
  readonly from: string;
  readonly type: "api-key" | "password" | "other";
  readonly env: string;
  readonly sharedBecause?: string;
}

/**
 * Proposes an agent for fleet.yaml.
 *
 * @param candidate the service or session that becomes the agent
 * @param user the user of the agent
 * @param from the home that the agent leaves; absent if the agent keeps its user
 */
export function proposeAgent(
  { formers, service, command }: Candidate,
  user: ScannedUser,
  host: ScannedHost,
  names: CredentialNames,
  from?: string,
): ProposedAgent {
  const { name } = user;
  const variables = variablesOf(service, command.environment, host.systemd);
  const { env, hidden: secret } = variables;
  const start = { words: command.words, workdir: command.workdir ?? service.workdir, env, hidden: secret };
  const moved = startOf(start, user, host, from);
  const taken = new Set([...Object.keys(moved.env), ...moved.hidden.keys()]);
  const { words, hidden, labels } = openCommand(moved.words, taken);
  const { credentials, values } = credentialsOf(name, new Map([...moved.hidden, ...hidden]), names);
  const { identity, ...texts } = from === undefined ? proposeIdentity(user) : newIdentity(name);
  const carried = carriedSettings(service, user.group);
  const rights = extraRights(user, host);
  const label = formerLabel(formers[0]);
  return {
    user,
    isNew: from !== undefined,
    agent: {
      name,
      ...(values.size > 0 && { credentials: Object.keys(credentials) }),
      command: words,
      workdir: moved.workdir,
      ...(Object.keys(moved.env).length > 0 && { env: moved.env }),
      ...carried.keys,
      ...declaredRights(rights),
      replaces: formers.map((former) => declaredFormer(former, user)),
      ...(Object.keys(moved.copies).length > 0 && { copies: moved.copies }),
      takeOver: service.active ? "later" : "now",
    },
    identity,
    credentials,
    values,
    files: texts.files,
    notes: [
      ...takeOverNotes(name, label, service),
      ...(from === undefined ? [] : newUserNotes(name, formers[0].user, from, moved.copies)),
      ...hiddenNotes(name, labels),
      ...rightsNotes(name, rights, host),
      ...texts.notes,
      ...homeNotes(user),
    ],
    left: [
      ...moved.left.map((what) => `${label}: ${what}`),
      ...leftOf(label, command, carried, variables),
      ...texts.left,
    ],
  };
}

/** Returns the command, folder and variables of the agent, in its old home or in its new home. */
function startOf(
  start: Pick<Relocated, "words" | "workdir" | "env" | "hidden">,
  { home }: ScannedUser,
  { paths }: ScannedHost,
  from: string | undefined,
): Relocated {
  if (from !== undefined) return relocated(start, { from, to: home, paths });
  // systemd starts a service in the root folder by default, but Muster starts an agent in its home.
  const workdir = start.workdir === "~" ? home : start.workdir || "/";
  return { ...start, workdir, copies: {}, left: [] };
}

/**
 * Returns the declaration of the unit or session that runs the agent. For a system service of the agent's own user,
 * this is only the name.
 */
function declaredFormer({ name, user = "", manager, socket }: Former, agent: ScannedUser): string | object {
  if (manager === "tmux") return { tmuxSession: name, socket, user };
  if (manager === "user") return { userService: name, user };
  return user === agent.name ? name : { service: name, user };
}

/** Returns sentences about the changes for an agent that gets its own user. */
function newUserNotes(
  name: string,
  account: string,
  from: string,
  copies: Readonly<Record<string, string>>,
): string[] {
  const sources = Object.values(copies);
  const copied =
    sources.length === 0
      ? "Nothing is copied: name under `copies` what it needs."
      : `\`up\` copies ${sources.join(", ")} there, and again at the take-over. Check whether it needs more of ${from}.`;
  return [
    `${name}: it runs as ${account} today, and gets a new user with the home /home/${name}. ${copied} If it is not an agent, remove it from the proposal.`,
  ];
}

/** Declares a credential for each variable that may be secret. */
function credentialsOf(agent: string, hidden: ReadonlyMap<string, string>, names: CredentialNames) {
  const named = [...hidden].map(([env, value]) => ({ env, value, name: names.nameFor(agent, env) }));
  return {
    credentials: Object.fromEntries(
      named.map(({ name, env }) => [name, { from: `config:${name}`, type: typeOf(env), env }] as const),
    ),
    values: new Map(named.map(({ name, value }) => [name, value])),
  };
}

function typeOf(variable: string): ProposedCredential["type"] {
  if (/PASS/i.test(variable)) return "password";
  return /KEY/i.test(variable) ? "api-key" : "other";
}

function takeOverNotes(
  name: string,
  unit: string,
  { active, enabled, linked, path, stale }: ScannedService,
): string[] {
  return [
    active
      ? `${name}: ${unit} keeps running it. Remove \`takeOver: later\` when you can accept one restart. The ` +
        "agent then runs under Muster's own unit, in its own terminal and sandboxed to its home " +
        "(docs/isolation.md; `allow` lists the exceptions)."
      : `${name}: ${unit} is down; \`up\` disables it and starts the agent under Muster's own unit.`,
    ...(enabled ? [] : [`${name}: ${unit} does not start at boot, but Muster's own unit does.`]),
    ...(linked
      ? [`${name}: ${unit} is a link to ${path}. Keep this file until the agent works in Muster's unit.`]
      : []),
    ...(stale
      ? [
          `${name}: files of ${unit} have changed since systemd loaded it; the proposal contains the loaded settings.`,
        ]
      : []),
  ];
}

function hiddenNotes(name: string, labels: readonly string[]): string[] {
  if (labels.length === 0) return [];
  return [
    `${name}: its command may contain secrets (${[...new Set(labels)].join(", ")}). The proposal has credentials ` +
      "instead, and starts the program with a shell that inserts the values.",
  ];
}

function homeNotes({ name, home, link }: ScannedUser): string[] {
  return link === undefined
    ? []
    : [`${name}: its home ${home} is a symlink to ${link}; docs/adopting.md describes what \`up\` does.`];
}

function leftOf(
  unit: string,
  { dropped: options }: ServiceCommand,
  { dropped }: CarriedSettings,
  variables: ServiceVariables,
): string[] {
  return [
    ...(dropped.length > 0
      ? [`${unit}: Muster's unit does not have its ${[...new Set(dropped)].join(", ")}`]
      : []),
    ...(options.length > 0
      ? [`${unit}: the proposal does not contain the options ${options.join(", ")} of its tmux`]
      : []),
    ...variables.left,
  ];
}
