import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { InvalidError } from "../base/errors.ts";
import { Secret } from "../base/secret.ts";
import { isLoginValue } from "../model/detect-logins.ts";
import { environmentLine } from "../model/environment-line.ts";
import { inboxCommand } from "../model/gate-account.ts";
import { type FindPeer, inboxText, peersText } from "../model/handoff-peers.ts";
import { whyMissing } from "../model/missing-value.ts";
import { scrapeTargets } from "../model/scrape-targets.ts";
import type { Secrets } from "./context.ts";
import type { SecretCommands } from "./secret-commands.ts";

/** The stack's configuration by name, without the prefix `muster:`. */
export type Config = ReadonlyMap<string, Secret>;

/** The sources from which the values of secrets are read. */
export interface SecretSources {
  readonly config: Config;
  readonly env: NodeJS.ProcessEnv;
  readonly commands: SecretCommands;
  /** Returns the address and the public keys of a host; undefined if the host was never reached. */
  readonly peerOf: FindPeer;
}

/**
 * Reads the value of a reference (`config:NAME`, `env:NAME`, `file:PATH`, `exec:COMMAND`).
 *
 * @param variables the names of the variables that should contain the secret
 * @throws InvalidError if there is no value; the error says which command sets the value
 */
export function resolveSecret(
  reference: string,
  sources: SecretSources,
  variables: readonly string[] = [],
): Secret {
  const [, scheme = "", name = ""] = /^([a-z]+):(.+)$/s.exec(reference) ?? [];
  const resolve = SCHEMES[scheme];
  if (resolve === undefined) {
    throw missing(
      reference,
      "is not a reference",
      "Write `config:NAME`, `env:NAME`, `file:PATH` or `exec:COMMAND`.",
    );
  }
  const value = resolve(name, sources);
  const text = withoutMark(value.reveal());
  const flaw = whyMissing(comparable(text), scheme === "env" ? [name, ...variables] : variables);
  if (flaw !== undefined) throw missing(reference, flaw, "Give it a value, or remove the credential.");
  return new Secret(text);
}

/** Drops a byte order mark, which some editors write at the start of a file. */
function withoutMark(text: string): string {
  return text.replace(/^\ufeff/, "");
}

/**
 * Returns the part of a secret's text by which equal secrets are found: the text without spaces and line ends around
 * it.
 */
function comparable(text: string): string {
  return withoutMark(text).trim();
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
  exec: (command, { commands }) => commands(command),
  peers: (words, { peerOf }) => new Secret(peersText(words, peerOf)),
  inbox: (words, { peerOf }) => new Secret(inboxText(words, peerOf, inboxCommand)),
  addresses: (words, { peerOf }) => new Secret(scrapeTargets(words, (host) => peerOf(host)?.address)),
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
 * EnvironmentFile=.
 *
 * @throws InvalidError for a value that cannot be written in such a line
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
  return environmentLine(envName, line);
}

/** The first place at which a value was seen in this run. */
interface SeenSecret {
  readonly reference: string;
  readonly owner: string;
  readonly host: string;
  readonly isLogin: boolean;
  /** Whether fleet.yaml declares a reason why the value is shared. */
  readonly isShared: boolean;
}

/** Reads the secrets of one run. Keeps hashes of the values, so that it finds a value that two agents have. */
export function secretsFrom(sources: () => SecretSources): Secrets {
  const seen = new Map<string, SeenSecret[]>();
  return {
    rendered: ({ secret, envName }) => {
      const names = envName === undefined ? [] : [`${envName}`, `${envName}`.replace(/^MUSTER_/, "")];
      return renderSecret(resolveSecret(`${secret}`, sources(), names), names[0]);
    },
    refuseShared: ({ secret, owner, sharedBecause, login }, host) => {
      const value = comparable(resolveSecret(`${secret}`, sources()).reveal());
      const hash = createHash("sha256").update(value).digest("hex");
      const isLogin = login === true || isLoginValue(value);
      const isShared = sharedBecause !== undefined;
      const here: SeenSecret = { reference: `${secret}`, owner: `${owner}`, host, isLogin, isShared };
      const others = seen.get(hash) ?? [];
      seen.set(hash, [...others, here]);
      const elsewhere = others.find((one) => one.host !== host);
      if (elsewhere && (isLogin || elsewhere.isLogin)) throw loginOnTwoHosts(here, elsewhere);
      const other = others.find((one) => one.owner !== here.owner && !one.isShared);
      if (other && !isShared) throw shared(here.reference, other.reference);
    },
  };
}

function shared(reference: string, twin: string): InvalidError {
  return new InvalidError({
    what: `${reference} and ${twin} have the same value`,
    why: "if this value is revoked, both agents stop, and an attacker who controls one agent has the secret of both.",
    next: "Give each agent its own secret, or give a reason in `sharedBecause` of both credentials.",
  });
}

function loginOnTwoHosts(one: SeenSecret, other: SeenSecret): InvalidError {
  return new InvalidError({
    what: `${one.reference} and ${other.reference} are the same OAuth login, on ${one.host} and ${other.host}`,
    why: "the copies of a login revoke each other when one of them is refreshed.",
    next: "Use one login for each host, or an API key for each agent.",
  });
}

function missing(reference: string, why: string, next: string): InvalidError {
  return new InvalidError({ what: `there is no value for ${reference}`, why: `it ${why}.`, next });
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
