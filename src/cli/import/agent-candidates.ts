import { posix } from "node:path";
import { type Former, formerLabel } from "../../model/former-unit.ts";
import { commandOf, type ServiceCommand } from "./command-words.ts";
import { livingOn } from "./running-processes.ts";
import type { Pane, ScannedHost, ScannedService, Terminal } from "./scanned-host.ts";
import { tmuxWords } from "./tmux-words.ts";
import { isOfMuster, ownServices } from "./unit-origin.ts";

/** Something that runs on a host and can be an agent. */
export interface Candidate {
  /** The services and sessions that a take-over stops. The first of them gives the candidate its name. */
  readonly formers: readonly [Former & { readonly user: string }, ...Former[]];
  readonly service: ScannedService;
  readonly command: ServiceCommand;
}

/** A sentence that names something that cannot be an agent, and the reason. */
export type Judged = Candidate | string;

/**
 * Decides which of the system services that a person has set up can become agents. Active services come first in the
 * result.
 */
export function systemCandidates(host: ScannedHost): Judged[] {
  return sorted(ownServices(host)).map((service) => {
    const verdict = judge(service, host);
    return typeof verdict === "string" ? sentenceOf(service, verdict) : verdict;
  });
}

/** Decides which services of each user's systemd can become agents. Considers services that run or start at boot. */
export function userServiceCandidates(host: ScannedHost): Judged[] {
  const some = host.userServices.filter(({ active, enabled }) => active || enabled);
  return sorted(some).flatMap((service): Judged[] => {
    if (sessionOf(service, host) !== undefined) return [];
    const verdict = judge(service, {
      ...host,
      units: host.userUnits.filter(({ user }) => user === service.user),
    });
    return typeof verdict === "string" ? [sentenceOf(service, verdict)] : [verdict];
  });
}

/** Decides which tmux sessions can become agents. Ignores the tmux servers that Muster has started. */
export function sessionCandidates(host: ScannedHost): Judged[] {
  const servers = livingOn(host).flatMap(({ owner }) => (owner.kind === "terminal" ? [owner] : []));
  return servers.flatMap(({ terminal, unit }) => {
    const sessions = Map.groupBy(terminal.panes, ({ session }) => session);
    // If a service's tmux has only one session, this session is adopted with the service.
    if (terminal.panes.length === 1 && host.services.some((one) => one.unit === unit)) return [];
    return [...sessions.values()].flatMap((panes) =>
      panes[0] ? [judgeSession(terminal, panes[0], panes, host)] : [],
    );
  });
}

function sorted(services: readonly ScannedService[]): ScannedService[] {
  return services.toSorted(
    (a, b) =>
      Number(b.active) - Number(a.active) ||
      Number(b.enabled) - Number(a.enabled) ||
      a.unit.localeCompare(b.unit, "en"),
  );
}

export function formerOf({
  unit,
  user = "",
  isUserService,
}: ScannedService): Former & { readonly user: string } {
  return { name: unit, user, ...(isUserService && { manager: "user" }) };
}

function sentenceOf({ unit, user, isUserService }: ScannedService, why: string): string {
  const whose = `of user ${user ?? "(one for each start)"}`;
  return `${unit} ${whose}${isUserService ? " (systemd --user)" : ""}: ${why}`;
}

/** Returns a candidate, or the reason why an agent cannot be declared from the service. */
function judge(service: ScannedService, host: ScannedHost): Candidate | string {
  const owner = ownerOf(formerLabel(formerOf(service)), service.user, host);
  if (owner !== undefined) return `the stack ${owner} already manages it`;
  if (service.user === undefined)
    return "systemd makes a new user for each start, but an agent needs a user that stays";
  const flaw = startFlaw(service, host);
  if (flaw !== undefined) return flaw;
  const command = commandOf(service.starts);
  if ("reason" in command) return command.reason;
  if (command.isInTmux && isIdle(command.words)) return ONLY_HOLDS;
  return typeFlaw(service, command, host) ?? { formers: [formerOf(service)], service, command };
}

/** Returns the stack that already manages a unit or a user. */
function ownerOf(label: string, user: string | undefined, { records }: ScannedHost): string | undefined {
  return records.find(({ users, units }) => users.includes(user ?? "") || units.includes(label))?.owner;
}

/** Returns the reason why a service does not run all the time; undefined if the service does. */
function startFlaw(
  { unit, active, enabled, path }: ScannedService,
  { units }: ScannedHost,
): string | undefined {
  const trigger = units.find(({ triggers }) => triggers.includes(unit));
  if (trigger?.name.endsWith(".timer"))
    return `${trigger.name} starts it. docs/jobs.md describes how a job is declared`;
  if (trigger !== undefined)
    return `${trigger.name} starts it when it is needed, but an agent runs permanently`;
  if (/^\/run\/(user\/\d+\/)?systemd\/transient\//.test(path))
    return "systemd-run started it, so it does not exist after a reboot";
  if (!active && !enabled) return "it neither runs nor starts at boot, so it was not proposed";
  return undefined;
}

/** Returns the reason why Muster cannot start a service in the same way as systemd; undefined if Muster can. */
function typeFlaw(
  { type, unit }: ScannedService,
  { isInTmux }: ServiceCommand,
  host: ScannedHost,
): string | undefined {
  const sessions = host.terminals.filter(({ pid }) => isIn(unit, pid, host)).flatMap(({ panes }) => panes);
  if (isInTmux && sessions.length > 1) {
    return `its tmux has ${sessions.length} terminals, and taking over the unit would end all of them`;
  }
  if (isInTmux || !["forking", "oneshot"].includes(type)) return undefined;
  return `its Type=${type} means that the started program ends while others run on in the background. Start the agent itself with Type=simple, then import again`;
}

function isIn(unit: string, pid: number, { processes }: ScannedHost): boolean {
  return processes.some((one) => one.pid === pid && one.group.split("/").includes(unit));
}

/** Matches the variables that the terminal, the login or systemd sets. These variables do not belong to the agent. */
const OF_TERMINAL =
  /^(TERM.*|TMUX.*|SHLVL|_|LS_COLORS|LESS.*|MAIL|MOTD_SHOWN|SSH_.*|SUDO_.*|XDG_.*|DBUS_.*|INVOCATION_ID|JOURNAL_STREAM|SYSTEMD_.*|MANAGERPID|MEMORY_PRESSURE_.*|COLUMNS|LINES|DISPLAY|HOME|USER|LOGNAME|SHELL|PWD|OLDPWD)=/;

/** Returns a candidate, or a sentence that says why the session cannot be an agent. */
function judgeSession(
  { socket, user }: Terminal,
  pane: Pane,
  panes: readonly Pane[],
  host: ScannedHost,
): Candidate | string {
  const { session, workdir, environment } = pane;
  const former = { name: session, user, manager: "tmux", socket } as const;
  const programs = panes.map(({ pid }) => host.processes.find((one) => one.pid === pid)?.program ?? "ended");
  const what = `tmux session ${session} of ${user} on ${socket} (${[...new Set(programs)].join(", ")})`;
  const owner = ownerOf(formerLabel(former), undefined, host);
  if (owner !== undefined) return `${what}: the stack ${owner} already manages it`;
  const words = tmuxWords(pane.command);
  const flaw = sessionFlaw(session, panes, words);
  if (flaw !== undefined) return `${what}: ${flaw}`;
  const [path = "", ...rest] = words;
  const command = commandOf([{ path, words: [path, ...rest], flags: ["no-env-expand"] }]);
  if ("reason" in command) return `${what}: ${command.reason}`;
  const starter = host.userServices.find(
    (one) => one.user === user && one.active && sessionOf(one, host) === session,
  );
  const service: ScannedService = {
    ...{ unit: session, user, group: "", type: "simple", starts: [], workdir },
    environment: environment.filter((one) => !OF_TERMINAL.test(one)),
    ...{ environmentFiles: [], unset: [], settings: new Map(), isOverridden: false, path: "", source: "" },
    ...{ enabled: false, active: true, linked: false, stale: false },
  };
  return starter === undefined
    ? { formers: [former], service, command }
    : { formers: [former, formerOf(starter)], service, command };
}

function sessionFlaw(session: string, panes: readonly Pane[], words: readonly string[]): string | undefined {
  const [pane] = panes;
  if (panes.length > 1)
    return `it has ${panes.length} panes, and only a session with one pane can be started again as it was. Give each agent a session of its own, then import again`;
  if (pane === undefined || words.length === 0)
    return `its program was started from a shell in the pane, so it cannot be started again as it was. Start the agent with \`tmux new-session -d -s ${session} COMMAND\`, then import again`;
  if (isIdle(words)) return ONLY_HOLDS;
  if (!/^[A-Za-z0-9_][A-Za-z0-9_-]{0,200}$/.test(session) || isOfMuster(session))
    return "`replaces` cannot name a session with this name. Rename the session, then import again";
  return undefined;
}

const ONLY_HOLDS = "it only keeps the tmux server running, so it is not an agent";

/** Whether a command does nothing. Such a command can keep a tmux server running. */
function isIdle(words: readonly string[]): boolean {
  return /\b(sleep infinity|tail -f \/dev\/null)$/.test(words.join(" "));
}

/** Returns the session that a service has started. This session has the name of the service's instance. */
function sessionOf({ unit, user, type }: ScannedService, { terminals }: ScannedHost): string | undefined {
  const instance = /@(.+)\.service$/.exec(posix.basename(unit))?.[1];
  if (type !== "oneshot" || instance === undefined) return undefined;
  const panes = terminals.filter((one) => one.user === user).flatMap((one) => one.panes);
  return panes.find(({ session }) => session === instance)?.session;
}
