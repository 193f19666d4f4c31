/** The parts of an engine command line that Muster reads. */
export interface EngineCall {
  /** The command's words without flags: ["up"], ["stack", "init", "prod"]. */
  words: string[];
  /** The value of `--stack`; undefined if it is not given. */
  stack: string | undefined;
  /** The value of `--cwd`; undefined if it is not given. */
  cwd: string | undefined;
  /** The engine's log level; 0 if none is given. */
  verbosity: number;
  previewOnly: boolean;
  /** Whether `--secrets-provider` is given. This flag selects how secrets are encrypted. */
  hasSecretsProvider: boolean;
}

/** The commands that change a stack's resources, and the engine's aliases for these commands. */
const CHANGES = new Set(["up", "update", "refresh", "destroy", "down", "dn", "import"]);

const OPERATIONS = new Set([...CHANGES, "preview", "pre", "cancel"]);

/** Global flags that can precede the command, and whose value is the next argument (`pulumi --help`). */
const WITH_VALUE = new Set([
  "--color",
  "--memprofilerate",
  "--otel-traces",
  "--profiling",
  "--secrets-provider",
  "--tracing",
]);

/** Parses an engine command line. Ignores unknown flags, which the engine itself checks. */
export function readCall(args: string[]): EngineCall {
  const call: EngineCall = {
    words: [],
    stack: undefined,
    cwd: undefined,
    verbosity: 0,
    previewOnly: false,
    hasSecretsProvider: false,
  };
  const rest = [...(args.includes("--") ? args.slice(0, args.indexOf("--")) : args)];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    const stack = flagValue(arg, rest, "-s", "--stack");
    const cwd = flagValue(arg, rest, "-C", "--cwd");
    const verbosity = flagValue(arg, rest, "-v", "--verbose");
    call.stack = stack ?? call.stack;
    call.cwd = cwd ?? call.cwd;
    call.verbosity = Number(verbosity ?? call.verbosity);
    call.previewOnly ||= arg === "--preview-only";
    call.hasSecretsProvider ||= /^--secrets-provider(=|$)/.test(arg);
    if (WITH_VALUE.has(arg)) rest.shift();
    else if (!arg.startsWith("-")) call.words.push(arg);
  }
  return call;
}

/** Whether the call is an operation on a stack's resources. */
export function isOperation(call: EngineCall): boolean {
  return OPERATIONS.has(call.words[0] ?? "");
}

/** Whether the call runs the Pulumi program, which needs the entire fleet. */
export function runsProgram(call: EngineCall): boolean {
  return ["up", "update", "preview", "pre"].includes(call.words[0] ?? "");
}

/** Whether the call changes a stack's resources, which requires the stack's lock. */
export function isChange(call: EngineCall): boolean {
  return CHANGES.has(call.words[0] ?? "") && !call.previewOnly;
}

/** Whether the call creates and changes the resources that fleet.yaml declares. */
export function isUp(call: EngineCall): boolean {
  return ["up", "update"].includes(call.words[0] ?? "") && !call.previewOnly;
}

/** Whether the call destroys a stack's resources, or previews a destroy. */
export function isDestroy(call: EngineCall): boolean {
  return ["destroy", "down", "dn"].includes(call.words[0] ?? "");
}

/**
 * Returns the arguments without those that request a refresh. The launcher has already refreshed the vendors'
 * resources.
 */
export function withoutRefresh(args: readonly string[]): string[] {
  return args.filter((arg) => !["-r", "--refresh", "--refresh=true"].includes(arg));
}

/** Returns the stack in the command line, without its organization; undefined if the command line names no stack. */
export function namedStack(call: EngineCall): string | undefined {
  const [command, verb, name] = call.words;
  const named = call.stack ?? (command === "stack" && verb === "init" ? name : undefined);
  return named?.split("/").at(-1);
}

/**
 * Returns the value of a flag in any of its four forms: `-s x`, `-sx`, `--stack x`, `--stack=x`. Returns
 * undefined if `arg` is not that flag.
 */
function flagValue(arg: string, rest: string[], short: string, long: string): string | undefined {
  if (arg === short || arg === long) return rest.shift();
  if (arg.startsWith(`${long}=`)) return arg.slice(long.length + 1);
  if (arg.startsWith(short) && !arg.startsWith("--")) return arg.slice(short.length).replace(/^=/, "");
  return undefined;
}
