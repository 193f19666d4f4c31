import { posix } from "node:path";
import { isKeyName } from "../../model/missing-value.ts";
import { runtimeOf } from "../../runtimes/registry.ts";
import { Unmergeable } from "../../settings/format.ts";
import { parseKeys } from "../../settings/merge.ts";
import { formatOf } from "../../settings/registry.ts";
import { isTree, type Tree, type Value } from "../../settings/values.ts";
import type { AgentSpec, Fleet } from "../fleet.ts";
import type { Lint, Remark } from "./lint.ts";

/**
 * Refuses a settings file of a runtime that takes a key from a variable that the agent does not get. Some runtimes
 * would send the name of the variable to their provider as the key.
 */
export const unsetReference: Lint = (fleet) =>
  Object.values(fleet.agents).flatMap((agent) => {
    const read = settingsFiles(fleet, agent);
    const known = knownVariables(fleet, agent, read);
    return read.flatMap(([path, text]) =>
      referencesIn(path, text).flatMap((one) => remarksOn(fleet, agent, path, one, known)),
    );
  });

/** The folders in the home from which the runtimes read their settings. */
const FOLDERS: Readonly<Partial<Record<AgentSpec["runtime"], string>>> = {
  claude: ".claude/",
  codex: ".codex/",
  pi: ".pi/",
  hermes: ".hermes/",
  openclaw: ".openclaw/",
};

/** Returns the paths and texts of the declared files in the folder of the agent's runtime. */
function settingsFiles({ identities }: Fleet, { identity, runtime }: AgentSpec): [string, string][] {
  const folder = FOLDERS[runtime];
  const files = Object.entries(identities[identity]?.files ?? {});
  return files.flatMap(([path, { text }]) =>
    folder !== undefined && path.startsWith(folder) ? [[path, text]] : [],
  );
}

/** Returns the variables of the agent's environment, and those of a declared `.env` file that its runtime reads. */
function knownVariables(
  { credentials }: Fleet,
  agent: AgentSpec,
  read: readonly (readonly [path: string, text: string])[],
): ReadonlySet<string> {
  const dotenv = read.filter(([path]) => posix.basename(path) === ".env");
  return new Set([
    ...Object.keys(agent.env),
    ...agent.credentials.flatMap((name) => renamed(agent, credentials[name]?.env) ?? []),
    ...dotenv.flatMap(([, text]) =>
      [...text.matchAll(/^\s*(?:export\s+)?(\w+)=/gm)].flatMap(([, name]) => name ?? []),
    ),
  ]);
}

function renamed({ runtime }: AgentSpec, variable: string | undefined): string | undefined {
  return variable && (runtimeOf(runtime).renamedVariables?.[variable] ?? variable);
}

/** A setting whose value names the variable with a key. */
interface Reference {
  readonly setting: string;
  readonly variable: string;
  /** Present if the value is the name itself. Since version 1, pi sends such a name as the key. */
  readonly isBare?: true;
}

function referencesIn(path: string, text: string): Reference[] {
  const format = formatOf(path);
  if (format === undefined) return [];
  try {
    return inTree(parseKeys(format, text), "");
  } catch (error) {
    // The program itself reports a file that it cannot read.
    if (error instanceof Unmergeable) return [];
    throw error;
  }
}

function inTree(tree: Tree, above: string): Reference[] {
  return [...tree].flatMap(([key, value]) => {
    const name = `${key as string}`;
    return inValue(tree, name, `${above}${name}`, value);
  });
}

function inValue(around: Tree, name: string, setting: string, value: Value): Reference[] {
  if (isTree(value)) return inTree(value, `${setting}.`);
  if (Array.isArray(value))
    return (value as readonly Value[]).flatMap((one, i) => inValue(around, name, `${setting}.${i}`, one));
  if (typeof value !== "string") return [];
  const reference = variableIn(name, value, around.get("source") === "env");
  return reference === undefined ? [] : [{ setting, ...reference }];
}

/** @param isSecret whether the setting is in a map with `source: env`, in which `id` is the name of a variable */
function variableIn(name: string, text: string, isSecret: boolean): Omit<Reference, "setting"> | undefined {
  if (NAMES_VARIABLE.test(name) || (isSecret && name === "id")) return named(/^\w+$/, text);
  if (name === "apiKeyHelper") return named(/(?<=^\s*printenv\s+)\w+(?=\s*$)/, text);
  if (!isKeyName(name) && !/^authorization$/i.test(name)) return undefined;
  const inside = named(/(?<=\$\{)[A-Za-z_]\w*(?=\})/, text) ?? named(/(?<=^\$)[A-Za-z_]\w*$/, text);
  const bare = inside ?? named(/^[A-Z][A-Z0-9]*_[A-Z0-9_]+$/, text);
  return bare && inside === undefined ? { ...bare, isBare: true } : bare;
}

function named(pattern: RegExp, text: string): { readonly variable: string } | undefined {
  const [variable] = pattern.exec(text) ?? [];
  return variable === undefined ? undefined : { variable };
}

/** Matches settings with the name of a variable as value, such as `env_key` of Codex and `key_env` of Hermes. */
const NAMES_VARIABLE = /^(env_key|key_env|api_key_env|apiKeyEnv|\w+_env_var)$/;

function remarksOn(
  { credentials }: Fleet,
  agent: AgentSpec,
  path: string,
  { setting, variable, isBare }: Reference,
  known: ReadonlySet<string>,
): Remark[] {
  const keys = ["identities", agent.identity, "files", path];
  const other = agent.credentials.find((name) => credentials[name]?.env === variable);
  if (known.has(variable)) {
    if (isBare === undefined || agent.runtime !== "pi") return [];
    const sentence = `has the name ${variable} in ${setting}, and pi sends this name itself as the key since version 1: write "$${variable}"`;
    return [{ keys, sentence, level: "warning" }];
  }
  if (other !== undefined) {
    const sentence = `takes ${setting} from ${variable}, but ${agent.runtime} gets this key as ${renamed(agent, variable)}: write this name`;
    return [{ keys, sentence }];
  }
  // The home of an adopted agent can already contain a file with more variables.
  const level = agent.replaces.length > 0 ? { level: "warning" as const } : {};
  const sentence = `takes ${setting} from ${variable}, which agent "${agent.name}" does not get: declare a credential with \`env: ${variable}\` for this agent, or remove ${setting}`;
  return [{ keys, sentence, ...level }];
}
