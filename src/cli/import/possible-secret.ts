/**
 * The variables with values that may be written to fleet.yaml. The values of all other variables count as secrets,
 * because a list of the names of secret variables is never complete.
 */
const PLAIN = new Set(
  (
    "PATH LANG LANGUAGE TZ HOME USER LOGNAME SHELL TERM COLORTERM EDITOR VISUAL PAGER PWD TMPDIR HOSTNAME DISPLAY " +
    "HOST PORT NODE_ENV NODE_OPTIONS NODE_PATH PYTHONPATH PYTHONUNBUFFERED PYTHONDONTWRITEBYTECODE VIRTUAL_ENV " +
    "LOG LOG_LEVEL LOGLEVEL RUST_LOG DEBUG NO_COLOR FORCE_COLOR GOPATH JAVA_HOME DEBIAN_FRONTEND " +
    "XDG_CONFIG_HOME XDG_DATA_HOME XDG_CACHE_HOME XDG_STATE_HOME XDG_RUNTIME_DIR"
  ).split(" "),
);

/** The maximum length of a value in fleet.yaml. */
const MOST_VALUE = 32_768;

const SECRET_NAME =
  /key|token|secret|pass|pwd|auth(?!or)|cred|bearer|cookie|webhook|private|session|dsn|(^|[-_])p(at|w)$/i;

/** Values that are secrets under any name: logins in addresses, and well-known forms of tokens. */
const SECRET_VALUE = [
  /:\/\/[^\s/@:]*:[^\s/@]+@/,
  /:\/\/[^\s/@]{16,}@/,
  /[?&;][^\s=&]*(key|token|secret|pass|sig|auth)[^\s=&]*=[^\s&]/i,
  /\b(sk|pk|rk)[-_][A-Za-z0-9_-]{6,}/,
  /\b(gh[pousr]_|github_pat_|glpat-|xox[a-z]-|xapp-|AKIA|ASIA|AIza|hf_|eyJ)[A-Za-z0-9_-]{8,}/,
  /\b\d{8,10}:[A-Za-z0-9_-]{30,}/,
  /hooks\.slack\.com|discord(app)?\.com\/api\/webhooks/,
  /\b(bearer|basic)\s+\S{6,}/i,
  /authorization:/i,
  /-----BEGIN [A-Z ]*PRIVATE KEY/,
];

/** Whether the value of a variable may be written to fleet.yaml. */
export function isPlain(name: string, value: string): boolean {
  if (value.length > MOST_VALUE) return false;
  return (PLAIN.has(name) || /^LC_[A-Z]+$/.test(name)) && !isSecretValue(value) && !/\p{Cc}/u.test(value);
}

function isSecretValue(value: string): boolean {
  return SECRET_VALUE.some((form) => form.test(value)) || isRandom(value);
}

/** Whether a text is one long word of mixed letters and digits. */
function isRandom(text: string): boolean {
  return /^[A-Za-z0-9+/_=-]{24,}$/.test(text) && !text.startsWith("/") && /\d.*[A-Za-z].*\d/.test(text);
}

/** A word of a command. If a part of the word may be secret, the word is split before this part. */
export interface CommandWord {
  readonly plain: string;
  readonly secret?: string;
  /** A name for the secret, such as the name of its option. */
  readonly label?: string;
}

/**
 * Finds values in the words of a command that may be secret: the values of options and assignments, and values that
 * have the form of a secret.
 */
export function splitSecrets(words: readonly string[]): CommandWord[] {
  return words.map((word, at) => splitWord(word, words[at - 1] ?? "", at));
}

function splitWord(word: string, before: string, at: number): CommandWord {
  const option = /^--?([A-Za-z][\w.-]*)$/.exec(before)?.[1];
  if (at > 1 && option !== undefined && SECRET_NAME.test(option) && !word.startsWith("--")) {
    return { plain: "", secret: word, label: option };
  }
  const [, start, name, value] = /^((?:--?)?([A-Za-z_][\w.-]*)=)([\s\S]*)$/.exec(word) ?? [];
  const isSecret = name !== undefined && value !== "" && hasSecretName(start ?? "", name);
  if (isSecret || (start !== undefined && isSecretValue(value ?? ""))) {
    return { plain: start ?? "", secret: value ?? "", label: name ?? "word" };
  }
  if (at > 0 && isSecretValue(word)) return { plain: "", secret: word, label: option ?? "word" };
  return { plain: word };
}

/** Whether the value after `NAME=` or `--name=` may be secret. A name in capital letters is a variable. */
function hasSecretName(start: string, name: string): boolean {
  return (
    SECRET_NAME.test(name) ||
    (!start.startsWith("-") && /^[A-Z_][A-Z0-9_]*$/.test(name) && !isPlain(name, ""))
  );
}

/** Whether a shell line contains a value that may be secret. */
export function hasSecretInLine(line: string): boolean {
  const words = line.split(/[\s;&|()"'`]+/).filter((word) => word !== "");
  return (
    splitSecrets(["", ...words]).some(({ secret = "$" }) => !secret.startsWith("$")) || isSecretValue(line)
  );
}

/** Returns the numbers of the lines of a text that may contain a secret. */
export function secretLines(text: string): number[] {
  return text.split("\n").flatMap((line, at) => (isSecretLine(line) ? [at + 1] : []));
}

function isSecretLine(line: string): boolean {
  const [, , value = ""] =
    /(key|token|secret|pass(?:word|wd|phrase)?|pat|pw|webhook)\b["'`*]*\s*(?::|=|\bis\b)\s*["'`*]*([^\s"'`*]{5,})/i.exec(
      line.replaceAll("_", " "),
    ) ?? [];
  const isValue =
    /[\d_+/=@!$%^&-]|[a-z][A-Z]/.test(value) && !/^[<${[(]|^(https?|config|env|file):(?!.*@)/.test(value);
  return isValue || SECRET_VALUE.some((form) => form.test(line)) || line.split(/[\s"'`,;=:]+/).some(isRandom);
}
