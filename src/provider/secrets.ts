import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { InvalidError } from "../base/errors.ts";
import { Secret } from "../base/secret.ts";
import type { Secrets } from "./context.ts";

/** The stack's configuration by name, without the prefix `muster:`. */
export type Config = ReadonlyMap<string, Secret>;

/** Where the values of secrets come from. */
export interface SecretSources {
  readonly config: Config;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Reads the value of a reference (`config:NAME`, `env:NAME`, `file:PATH`).
 *
 * @throws InvalidError that says what to run if there is no value
 */
export function resolveSecret(reference: string, sources: SecretSources): Secret {
  const [, scheme = "", name = ""] = /^([a-z]+):(.+)$/s.exec(reference) ?? [];
  const resolve = SCHEMES[scheme];
  if (resolve === undefined) {
    throw missing(reference, "is not a reference", "Write `config:NAME`, `env:NAME` or `file:PATH`.");
  }
  const value = resolve(name, sources);
  if (value.reveal() === "") throw missing(reference, "is empty", "Give it a value.");
  return value;
}

type Resolve = (name: string, sources: SecretSources) => Secret;

const SCHEMES: Readonly<Record<string, Resolve | undefined>> = {
  config: (name, { config }) => {
    const value = config.get(name);
    if (value !== undefined) return value;
    const next = `Run \`npx pulumi config set --secret muster:${name}\`.`;
    throw missing(`config:${name}`, "is not set in this stack", next);
  },
  env: (name, { env }) => {
    const value = env[name];
    if (value !== undefined) return new Secret(value);
    throw missing(`env:${name}`, "is not set", `Run \`export ${name}=…\` before \`npx pulumi\`.`);
  },
  file: (path) => {
    try {
      return new Secret(
        new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(readFileSync(path)),
      );
    } catch (error) {
      const why = error instanceof TypeError ? "is not UTF-8 text" : `cannot be read (${codeOf(error)})`;
      throw missing(
        `file:${path}`,
        why,
        "Put the value in this file, and make it readable only by you (chmod 600).",
      );
    }
  },
};

/**
 * Returns the text of a secret's file: the value itself or, if `envName` is given, a line for systemd's
 * EnvironmentFile=. In double quotes, a backslash escapes `"`, `\`, `` ` `` and `$` (systemd.exec(5)).
 *
 * @throws InvalidError for a value that does not fit in such a line
 */
export function renderSecret(value: Secret, envName?: string): string {
  if (envName === undefined) return value.reveal();
  const line = value.reveal().replace(/\r?\n$/, "");
  if (/[\n\r\0]/.test(line)) {
    throw new InvalidError({
      what: `${envName} cannot be an environment variable`,
      why: "its value contains a line break or a NUL character.",
      next: "Remove `env`, so that the agent gets the value as a file.",
    });
  }
  return `${envName}="${line.replace(/["\\`$]/g, "\\$&")}"\n`;
}

/** Reads the secrets of one run. Hashes of the values are kept, to find a value that two agents hold. */
export function secretsFrom(sources: () => SecretSources): Secrets {
  const seen = new Map<string, { reference: string; owner: string }>();
  return {
    rendered: ({ secret, envName }) =>
      renderSecret(resolveSecret(`${secret}`, sources()), envName === undefined ? undefined : `${envName}`),
    twin: ({ secret, owner, sharedBecause }) => {
      if (sharedBecause !== undefined) return undefined;
      const value = resolveSecret(`${secret}`, sources()).reveal();
      const hash = createHash("sha256").update(value).digest("hex");
      const first = seen.get(hash) ?? { reference: `${secret}`, owner: `${owner}` };
      seen.set(hash, first);
      return first.owner === owner ? undefined : first.reference;
    },
  };
}

function missing(reference: string, why: string, next: string): InvalidError {
  return new InvalidError({ what: `there is no value for ${reference}`, why: `it ${why}.`, next });
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
