import { variablesIn } from "./environment-file.ts";
import { isPlain, splitSecrets } from "./possible-secret.ts";
import type { ScannedService } from "./scanned-host.ts";

/**
 * The variables of a service, separated into values that may be written to fleet.yaml and values that may be secret.
 */
export interface ServiceVariables {
  /** Variables with plain values, and empty variables. */
  readonly env: Readonly<Record<string, string>>;
  /** The values that may be secret. These values are compared with each other, but never written or printed. */
  readonly hidden: ReadonlyMap<string, string>;
  /** Sentences about files that could not be read. */
  readonly left: readonly string[];
}

/**
 * Merges the variables in the same order as systemd: first the variables of the unit, then the variables of each
 * environment file.
 *
 * @param more variables as `NAME=value` that the command itself sets
 * @param systemd the version of systemd
 */
export function variablesOf(
  service: ScannedService,
  more: readonly string[],
  systemd: number,
): ServiceVariables {
  const files = service.environmentFiles.map(({ path, text }) => ({
    path,
    ...(text === undefined ? undefined : variablesIn(text, systemd)),
  }));
  const all = new Map([
    ...service.environment.map(pairOf),
    ...files.flatMap(({ variables = new Map<string, string>() }) => [...variables]),
    ...more.map(pairOf),
  ]);
  for (const name of service.unset)
    if (all.get(name) === pairOf(name)[1] || !name.includes("=")) all.delete(pairOf(name)[0]);
  const broken = [...all].filter(([, value]) => /[\n\r\0]/.test(value)).map(([name]) => name);
  for (const name of broken) all.delete(name);
  const isOpen = ([name, value]: [string, string]) => value === "" || isPlain(name, value);
  return {
    env: Object.fromEntries([...all].filter(isOpen)),
    hidden: new Map([...all].filter((pair) => !isOpen(pair))),
    left: [
      ...missingFiles(service),
      ...broken.map(
        (name) =>
          `${service.unit}: its variable ${name} has several lines, and a variable of an agent can have only one. Let the agent read the value from a file`,
      ),
      ...files.flatMap(({ path, ignored = [] }) =>
        ignored.map(
          (name) => `${path}: systemd ignores the line of ${shownName(name)}, so no agent has this variable`,
        ),
      ),
    ],
  };
}

function pairOf(assignment: string): [string, string] {
  const at = assignment.indexOf("=");
  return at === -1 ? [assignment, ""] : [assignment.slice(0, at), assignment.slice(at + 1)];
}

/** Reports each environment file that cannot be read, and each pattern that no file matches. */
function missingFiles({ unit, environmentFiles }: ScannedService): string[] {
  const missing = environmentFiles.filter(({ text }) => text === undefined);
  return missing.map(
    ({ path }) => `${unit}: its environment file ${path} does not exist, or only root can read it`,
  );
}

/** Returns the name as messages show it. A name that systemd ignores can be any text, even a part of a secret. */
function shownName(name: string): string {
  return /^export [A-Za-z_][A-Za-z0-9_]*$/.test(name) ? `\`${name}\`` : "a name that is not allowed";
}

/** A command without secrets. `hidden` contains the values that the command reads from variables. */
export interface OpenCommand {
  readonly words: readonly string[];
  readonly hidden: ReadonlyMap<string, string>;
  /** The options or variables that contain the secrets, such as `--token`. */
  readonly labels: readonly string[];
}

/**
 * Replaces values in a command that may be secret with variables, because a command in fleet.yaml must not contain
 * secrets. When the agent starts, a shell expands the variables.
 *
 * @param taken the names of the service's variables
 */
export function openCommand(words: readonly string[], taken: ReadonlySet<string>): OpenCommand {
  const hidden = new Map<string, string>();
  const parts = splitSecrets(words).map(({ plain, secret, label = "" }) => {
    if (secret === undefined) return shellWord(plain);
    const name = freeName(
      `ARG_${label.toUpperCase().replaceAll(/[^A-Z0-9]+/g, "_")}`,
      (one) => hidden.has(one) || taken.has(one),
    );
    hidden.set(name, secret);
    return `${plain === "" ? "" : shellWord(plain)}"$${name}"`;
  });
  const labels = splitSecrets(words).flatMap(({ secret, label }) =>
    secret === undefined ? [] : [label ?? "word"],
  );
  return { words: hidden.size === 0 ? words : ["/bin/sh", "-c", `exec ${parts.join(" ")}`], hidden, labels };
}

function freeName(name: string, isTaken: (name: string) => boolean): string {
  for (let number = 1; ; number++) {
    const one = number === 1 ? name : `${name}_${number}`;
    if (!isTaken(one)) return one;
  }
}

function shellWord(word: string): string {
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
