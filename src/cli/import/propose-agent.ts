import { IDENTITY_FILES } from "../../runtimes/identity-files.ts";
import { commandOf, wordsOf } from "./command-words.ts";
import type { ScannedService, ScannedUser } from "./parse-scan.ts";

/** A user of a host, proposed as an agent for fleet.yaml. */
export interface ProposedAgent {
  readonly user: ScannedUser;
  readonly agent: { readonly name: string } & Readonly<Record<string, unknown>>;
  readonly identity: object;
  readonly credentials: Readonly<Record<string, object>>;
  readonly files: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
}

interface Found {
  readonly agent?: ProposedAgent;
  readonly left: readonly string[];
}

const SECRET_NAME = /KEY|TOKEN|SECRET|PASSWORD/i;

/**
 * Proposes a user as an agent for fleet.yaml.
 *
 * @param own the services that run as this user; one whose command can be read becomes the agent, preferably
 *   an active one
 */
export function proposeAgent(user: ScannedUser, own: readonly ScannedService[]): Found {
  const sorted = own.toSorted((a, b) => Number(b.active) - Number(a.active));
  const service = sorted.find(({ starts }) => commandOf(starts) !== undefined);
  const command = service && commandOf(service.starts);
  if (service === undefined || command === undefined) {
    const units = own.map(({ unit, starts }) => `${unit} of user ${user.name}: ${starts.join("; ")}`);
    return { left: units.map((one) => `${one} is not a single command of plain words`) };
  }
  const others = own.filter(({ unit }) => unit !== service.unit);
  const { env, credentials, unread } = environmentOf(user.name, service);
  const { identity, files, notes } = identityOf(user);
  const { name } = user;
  return {
    agent: {
      user,
      agent: {
        name,
        ...(Object.keys(credentials).length > 0 && { credentials: Object.keys(credentials) }),
        command,
        workdir: workdirOf(user, service),
        ...(Object.keys(env).length > 0 && { env }),
        replaces: [service.unit],
        takeOver: service.active ? "later" : "now",
      },
      identity,
      credentials,
      files,
      notes: [
        service.active
          ? `${name}: ${service.unit} keeps running it. Remove \`takeOver: later\` when you can accept one restart. The ` +
            "agent then runs under Muster's own unit, in its own terminal and sandboxed to its home " +
            "(docs/isolation.md; `allow` lists the exceptions)."
          : `${name}: ${service.unit} is down; \`up\` disables it and starts the agent under Muster's own unit.`,
        ...(service.enabled
          ? []
          : [`${name}: ${service.unit} does not start at boot, but Muster's own unit does.`]),
        ...notes,
      ],
    },
    left: [
      ...others.map(({ unit }) => `${unit}: the agent ${name} is already declared from ${service.unit}`),
      ...unread.map((setting) => `${service.unit}: ${setting} cannot be read as plain words`),
    ],
  };
}

/**
 * Returns the agent's `workdir`. systemd starts a service in the root folder by default, but Muster starts an
 * agent in its home.
 */
function workdirOf({ home }: ScannedUser, { workdir }: ScannedService): string {
  return workdir === "~" ? home : workdir || "/";
}

/**
 * Separates a service's variables into plain ones and credentials. A variable that may be secret is declared
 * by name only; its value is neither written nor shown.
 */
function environmentOf(agent: string, { environment, secrets }: ScannedService) {
  const words = wordsOf(environment);
  const pairs = (words ?? []).map((word) => [
    word.slice(0, word.indexOf("=")),
    word.slice(word.indexOf("=") + 1),
  ]);
  const plain = pairs.filter(([name = ""]) => !SECRET_NAME.test(name));
  const hidden = pairs.map(([name = ""]) => name).filter((name) => SECRET_NAME.test(name));
  const names = [...new Set([...secrets, ...hidden])];
  return {
    env: Object.fromEntries(plain) as Record<string, string>,
    credentials: Object.fromEntries(
      names.map((env) => {
        const name = credentialName(agent, env);
        return [name, { from: `config:${name}`, type: typeOf(env), env }];
      }),
    ),
    unread: words === undefined ? ["its Environment="] : [],
  };
}

/** Returns a name for a variable's credential, cut to the 31 characters that a name may have. */
function credentialName(agent: string, variable: string): string {
  const name = `${agent}-${variable.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}`;
  return name.slice(0, 31).replace(/-+$/, "");
}

function typeOf(variable: string): string {
  if (/PASSWORD/i.test(variable)) return "password";
  return /KEY/i.test(variable) ? "api-key" : "other";
}

/** Declares the identity files that were found. Adds a placeholder if there is no readable SOUL.md. */
function identityOf({ name, files }: ScannedUser) {
  const texts = IDENTITY_FILES.flatMap((file) => {
    const found = files[file];
    const text = found && textOf(found.bytes);
    return text === undefined ? [] : [{ file, text, mode: found?.mode ?? "0644" }];
  });
  const path = (file: string) => `identities/${name}/${file}`;
  const soul = texts.find(({ file }) => file === "SOUL.md");
  const others = texts.filter(({ file }) => file !== "SOUL.md");
  const unread = Object.keys(files).filter((file) => !texts.some((one) => one.file === file));
  return {
    identity: {
      soul: path("SOUL.md"),
      ...(others.length > 0 && {
        files: Object.fromEntries(others.map(({ file, mode }) => [file, { from: path(file), mode }])),
      }),
    },
    files: {
      [path("SOUL.md")]: soul?.text ?? `# ${name}\n`,
      ...Object.fromEntries(others.map(({ file, text }) => [path(file), text])),
    },
    notes: [
      ...(soul === undefined
        ? [`${name}: it has no readable SOUL.md; identities/${name}/SOUL.md is a placeholder.`]
        : []),
      ...(soul !== undefined && soul.mode !== "0644"
        ? [`${name}: \`up\` changes the mode of its SOUL.md from ${soul.mode} to 0644.`]
        : []),
      ...unread.map(
        (file) => `${name}: its ${file} is not declared: it is not text, or is larger than 1 MB.`,
      ),
    ],
  };
}

function textOf(bytes: Buffer): string | undefined {
  if (bytes.length > 1_000_000) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
