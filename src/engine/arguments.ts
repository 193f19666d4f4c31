/** What a command line of the engine says about where it works and on what. */
export interface EngineCall {
  /** The command's words without flags: ["up"], ["stack", "init", "prod"]. */
  words: string[];
  stack: string | undefined;
  cwd: string | undefined;
  /** How much the engine is to log; 0 where nothing is said of it. */
  verbosity: number;
  previewOnly: boolean;
  /** Whether it names who encrypts the stack's secrets. */
  hasSecretsProvider: boolean;
}

/** The commands that write a stack's resources, with the names that the engine gives them too. */
const CHANGES = new Set(["up", "update", "refresh", "destroy", "down", "dn", "import"]);

const OPERATIONS = new Set([...CHANGES, "preview", "pre", "cancel"]);

/** Flags that take their value as the next argument, as far as they may stand before a word that matters here (`pulumi --help`). */
const WITH_VALUE = new Set([
  "--color",
  "--memprofilerate",
  "--otel-traces",
  "--profiling",
  "--secrets-provider",
  "--tracing",
]);

/** Reads a command line as far as it matters here; what the engine does not know it refuses itself. */
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

/** Whether the call works on a stack's resources. */
export function isOperation(call: EngineCall): boolean {
  return OPERATIONS.has(call.words[0] ?? "");
}

/** Whether the call changes a stack's resources, so that it takes the stack's lock or is refused by it. */
export function isChange(call: EngineCall): boolean {
  return CHANGES.has(call.words[0] ?? "") && !call.previewOnly;
}

/** Whether the call removes a stack's resources, or shows what that would do. */
export function isDestroy(call: EngineCall): boolean {
  return ["destroy", "down", "dn"].includes(call.words[0] ?? "");
}

/** The stack that the command line itself names. */
export function namedStack(call: EngineCall): string | undefined {
  const [command, verb, name] = call.words;
  const named = call.stack ?? (command === "stack" && verb === "init" ? name : undefined);
  return named?.split("/").at(-1);
}

/** The value of a flag in one of its four forms: `-s x`, `-sx`, `--stack x`, `--stack=x`. */
function flagValue(arg: string, rest: string[], short: string, long: string): string | undefined {
  if (arg === short || arg === long) return rest.shift();
  if (arg.startsWith(`${long}=`)) return arg.slice(long.length + 1);
  if (arg.startsWith(short) && !arg.startsWith("--")) return arg.slice(short.length).replace(/^=/, "");
  return undefined;
}
