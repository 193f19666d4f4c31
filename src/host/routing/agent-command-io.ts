import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { MusterError } from "../../base/errors.ts";
import { ROUTES_FILE } from "../../model/host-paths.ts";
import type { HostRoutes } from "../../model/routes.ts";
import { readAccounts } from "../accounts/read-accounts.ts";
import { reasonOf } from "../system/error-reason.ts";

/** The exit codes of `muster`, on which its callers depend. */
export const AGENT_EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  goesElsewhere: 3,
  nothing: 4,
  waiting: 5,
  unconfirmed: 6,
} as const;

/** The input and output of the commands for agents; tests replace them. */
export interface AgentCommandIo {
  /** Returns the Linux user that runs the command. */
  user(): string;
  /** Returns the home of this user. */
  home(): string;
  /** Replaces root privileges with the rights of another user. @throws MusterError if this user is not root */
  become(user: string): void;
  stdin(): string;
  out(text: string): void;
  err(text: string): void;
  /** The path of the file with the host's routes. */
  readonly file: string;
}

export const HOST_IO: AgentCommandIo = {
  user: () => userInfo().username,
  home: () => userInfo().homedir,
  become,
  stdin: () => readFileSync(0, "utf8"),
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  file: ROUTES_FILE,
};

/**
 * Runs a command for agents: prints its usage if the command line is invalid, and an error as one line.
 *
 * @param given the parsed command line; undefined if it is invalid
 * @returns the exit code
 */
export function runAgentCommand<Given>(
  { name, usage, io }: { readonly name: string; readonly usage: string; readonly io: AgentCommandIo },
  given: Given | undefined,
  run: (given: Given) => number,
): number {
  if (given === undefined) {
    io.err(usage);
    return AGENT_EXIT.usage;
  }
  try {
    return run(given);
  } catch (error) {
    io.err(`${name}: ${error instanceof Error ? error.message : reasonOf(error)}\n`);
    return AGENT_EXIT.failed;
  }
}

/**
 * Joins each option with its value by `=`, so that a value can begin with a dash, such as a list in Markdown.
 *
 * @param options the options of the command; each of them has a value
 */
export function joinValues(words: readonly string[], options: Readonly<Record<string, unknown>>): string[] {
  const joined: string[] = [];
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] ?? "";
    if (word === "--") return [...joined, ...words.slice(i)];
    const value = word.startsWith("--") && Object.hasOwn(options, word.slice(2)) ? words[i + 1] : undefined;
    if (value === undefined) joined.push(word);
    else {
      joined.push(`${word}=${value}`);
      i += 1;
    }
  }
  return joined;
}

/** Reads the host's routes. @throws Error if the file cannot be read, because the routes could forbid the task */
export function readRoutes(file: string): HostRoutes {
  return JSON.parse(readFileSync(file, "utf8")) as HostRoutes;
}

/**
 * Returns the agent that a command concerns.
 *
 * @param named the agent that the command line names; if absent, the agent of the Linux user
 * @throws MusterError if the user belongs to no agent, or to several agents
 */
export function agentOfCommand({ users }: HostRoutes, io: AgentCommandIo, named: string | undefined): string {
  const agent = named ?? users[io.user()];
  if (agent !== undefined) return agent;
  throw new MusterError({
    what: `the user ${io.user()}`,
    why: "it belongs to no agent, or to several agents",
    next: "Add --agent NAME.",
  });
}

/**
 * Continues with the rights of the agent that a command concerns.
 *
 * @param named the agent that the command line names; if absent, the agent of the Linux user
 * @throws MusterError if there is no such agent, or if this user must not act for it
 */
export function actAsAgent(
  io: AgentCommandIo,
  named: string | undefined,
): { readonly host: HostRoutes; readonly agent: string } {
  const host = readRoutes(io.file);
  const agent = agentOfCommand(host, io, named);
  if (host.users[io.user()] !== agent) io.become(userOf(host.users, agent));
  return { host, agent };
}

function become(name: string): void {
  const account = readAccounts("/etc").users.get(name);
  if (account === undefined || process.getuid?.() !== 0) {
    throw new MusterError({
      what: `acting as ${name}`,
      why: "only root can act for an agent of another user",
    });
  }
  process.setgroups?.([]);
  process.setgid?.(account.gid);
  process.setuid?.(account.uid);
}

/** Returns the Linux user of an agent. @throws MusterError if no user belongs only to this agent */
function userOf(users: HostRoutes["users"], agent: string): string {
  const [user] = Object.entries(users).find(([, name]) => name === agent) ?? [];
  if (user !== undefined) return user;
  throw new MusterError({ what: agent, why: "no Linux user on this host belongs only to this agent" });
}

/** Parses a number on the command line. @param what the option, for the error */
export function wholeNumber(what: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new MusterError({ what, why: `${JSON.stringify(text)} is not a whole number above 0` });
}

/** Prints one line of JSON. */
export function print(io: AgentCommandIo, value: unknown): void {
  io.out(`${JSON.stringify(value)}\n`);
}
