import { posix } from "node:path";
import { hasSecretInLine } from "./possible-secret.ts";
import type { ExecStart } from "./scanned-host.ts";

/** The command that a service starts. If the service starts the command in tmux, the words of tmux are removed. */
export interface ServiceCommand {
  readonly words: readonly string[];
  /** The folder and the variables (`NAME=value`) that the options of tmux set. */
  readonly workdir?: string;
  readonly environment: readonly string[];
  /** The options of tmux that the proposal cannot declare. */
  readonly dropped: readonly string[];
  readonly isInTmux: boolean;
}

/**
 * Returns the command that a service starts, or the reason why fleet.yaml cannot declare the command. The reason does
 * not contain arguments, because arguments may be secret.
 */
export function commandOf(starts: readonly ExecStart[]): ServiceCommand | { readonly reason: string } {
  const [start, ...others] = starts;
  if (start === undefined) return { reason: "systemd has loaded no command for it" };
  const refused = (why: string) => ({ reason: `its command (${start.path}) ${why}` });
  if (others.length > 0) return refused(`is not a single command, but one of ${starts.length}`);
  const flag = start.flags.find((one) => !["ignore-failure", "no-env-expand"].includes(one));
  if (flag !== undefined) return refused(`has a prefix that fleet.yaml cannot express (${flag})`);
  const words = literalWords(start);
  if (words === undefined)
    return refused("is not a single command of plain words: systemd inserts variables into it");
  const command = paneOf(words);
  if (command === undefined) return refused("starts tmux, but no single program in it");
  const flaw = flawOf(command.words);
  return flaw === undefined ? command : refused(flaw);
}

/**
 * Returns the words that the program gets, or undefined if systemd expands variables in them. systemd reads `$$` as a
 * literal `$`. systemd also reads a `$` inside a word as a literal `$`, unless `{` follows.
 */
function literalWords({ path, words: [name = "", ...rest], flags }: ExecStart): string[] | undefined {
  if (name !== path && name !== posix.basename(path)) return undefined;
  if (flags.includes("no-env-expand")) return [path, ...rest];
  const literal = rest.map((word) => word.replaceAll("$$", "\0"));
  if (literal.some((word) => /^\$|\$\{/.test(word))) return undefined;
  return [path, ...literal.map((word) => word.replaceAll("\0", "$"))];
}

function flawOf(words: readonly string[]): string | undefined {
  if (words.includes("")) return "has an empty argument, which fleet.yaml cannot express";
  if (words.some((word) => /\p{Cc}/u.test(word)))
    return "has an argument with several lines or control characters";
  if (words.some((word) => word.length > 4096)) return "has an argument of more than 4096 characters";
  if (words.some((word) => /\s/.test(word) && hasSecretInLine(word))) {
    return "contains a possible secret inside a longer argument: move it to a variable of the service first";
  }
  return undefined;
}

/** Returns the command without the words of tmux, because Muster itself starts every agent in tmux. */
function paneOf(words: readonly string[]): ServiceCommand | undefined {
  if (!/(^|\/)tmux$/.test(words[0] ?? "")) {
    return { words, environment: [], dropped: [], isInTmux: false };
  }
  const at = words.findIndex((word) => /^(new|new-session)$/.test(word));
  if (at === -1 || words.includes(";")) return undefined;
  const { rest, options } = optionsOf(words.slice(at + 1));
  const inner = rest.length === 1 ? ["/bin/sh", "-c", rest[0] ?? ""] : rest;
  const of = (option: string) => options.flatMap(([name, value]) => (name === option ? [value] : []));
  const workdir = of("-c").at(-1);
  if (inner.length === 0) return undefined;
  return {
    words: inner,
    environment: of("-e"),
    dropped: options.map(([name]) => name).filter((name) => !["-A", "-d", "-s", "-e", "-c"].includes(name)),
    isInTmux: true,
    ...(workdir !== undefined && { workdir }),
  };
}

/** Splits the arguments of `new-session` into options, some of which take a value, and the rest; tmux(1). */
function optionsOf(words: readonly string[]) {
  const options: [name: string, value: string][] = [];
  let at = 0;
  while (/^-./.test(words[at] ?? "") && words[at] !== "--") {
    const [, flags = "", taking = "", joined = ""] =
      /^-([^cefFnstxy]*)([cefFnstxy]?)(.*)$/.exec(words[at] ?? "") ?? [];
    for (const flag of flags) options.push([`-${flag}`, ""]);
    if (taking !== "") options.push([`-${taking}`, joined || (words[++at] ?? "")]);
    at++;
  }
  return { options, rest: words.slice(words[at] === "--" ? at + 1 : at) };
}
