import { IDENTITY_FILES } from "../../runtimes/identity-files.ts";
import { secretLines } from "./possible-secret.ts";
import type { ScannedFile, ScannedUser } from "./scanned-host.ts";

/** The settings files of runtimes in a home, which the agents themselves change. */
const SETTINGS = [
  ".hermes/config.yaml",
  ".claude/settings.json",
  ".codex/config.toml",
  ".pi/agent/settings.json",
  ".openclaw/openclaw.json",
];

/** The files that an agent itself writes. `up` writes such a file only if the file does not exist. */
const WRITTEN_BY_AGENTS = ["MEMORY.md", "USER.md", "IDENTITY.md", ...SETTINGS];

/** The files in a home that an identity can declare, by their path in the home. */
export const READ_FILES = [...IDENTITY_FILES, ...SETTINGS];

const MOST_BYTES = 1_000_000;

/** An identity for fleet.yaml, with the texts of its files by their path relative to fleet.yaml. */
export interface ProposedIdentity {
  readonly identity: object;
  readonly files: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
  readonly left: readonly string[];
}

interface Read {
  readonly file: string;
  readonly mode: string;
  readonly text: string;
}

/**
 * Declares the identity files that were found. A SOUL.md is always declared. If the user's own SOUL.md cannot be
 * declared, a placeholder is declared instead, which never replaces the user's file.
 */
export function proposeIdentity({ name, files }: ScannedUser): ProposedIdentity {
  const found = READ_FILES.flatMap((file) => (files[file] ? [{ file, ...files[file] }] : []));
  const read = found
    .filter((one) => flawOf(one) === undefined)
    .map((one) => ({ ...one, text: textOf(one.bytes) ?? "" }));
  const soul = read.find(({ file }) => file === "SOUL.md");
  const others = read.filter(({ file }) => file !== "SOUL.md");
  const path = pathOf(name, "SOUL.md");
  return {
    identity: {
      soul: soul === undefined && files["SOUL.md"] !== undefined ? { from: path, write: "once" } : path,
      ...(others.length > 0 && {
        files: Object.fromEntries(others.map((one) => [one.file, entryOf(name, one)])),
      }),
    },
    files: {
      [path]: soul?.text ?? `# ${name}\n`,
      ...Object.fromEntries(others.map(({ file, text }) => [pathOf(name, file), text])),
    },
    notes: [...soulNotes(name, soul, files["SOUL.md"] !== undefined), ...linkNotes(name, found)],
    left: found.flatMap((one) => {
      const flaw = flawOf(one);
      return flaw === undefined ? [] : [`${one.file} of ${name}: ${flaw}`];
    }),
  };
}

/**
 * Declares the identity of an agent that gets its own user. Its files are copied with the rest of its data, so the
 * declared SOUL.md is only a placeholder, which never replaces a copied file.
 */
export function newIdentity(name: string): ProposedIdentity {
  const path = pathOf(name, "SOUL.md");
  return {
    identity: { soul: { from: path, write: "once" } },
    files: { [path]: `# ${name}\n` },
    notes: [
      `${name}: ${path} is a placeholder. Write the agent's identity into it, and remove \`write: once\`.`,
    ],
    left: [],
  };
}

function pathOf(agent: string, file: string): string {
  return `identities/${agent}/${file}`;
}

function entryOf(agent: string, { file, mode }: Read): object {
  const once = WRITTEN_BY_AGENTS.includes(file) ? { write: "once" } : {};
  return { from: pathOf(agent, file), mode, ...once };
}

/** Returns the reason why a file is not declared; its text is then neither written nor printed. */
function flawOf({ bytes }: ScannedFile): string | undefined {
  if (bytes === undefined) return "the user cannot read it, or it is not a regular file";
  const text = textOf(bytes);
  if (text === undefined) return "it is not text, or is larger than 1 MB";
  const lines = secretLines(text);
  if (lines.length === 0) return undefined;
  const where = lines.length === 1 ? `line ${lines[0]}` : `lines ${lines.slice(0, 5).join(", ")}`;
  return `${where} may contain a secret. Declare it as a credential and remove the line, then declare the file`;
}

function soulNotes(name: string, soul: Read | undefined, hasOwn: boolean): string[] {
  const path = pathOf(name, "SOUL.md");
  if (soul === undefined && hasOwn) {
    return [`${name}: its own SOUL.md is not declared and stays as it is; ${path} is a placeholder.`];
  }
  if (soul === undefined) return [`${name}: it has no readable SOUL.md; ${path} is a placeholder.`];
  if (soul.mode === "0644") return [];
  return [`${name}: \`up\` changes the mode of its SOUL.md from ${soul.mode} to 0644.`];
}

function linkNotes(name: string, found: readonly ({ readonly file: string } & ScannedFile)[]): string[] {
  return found.flatMap(({ file, link }) =>
    link === undefined
      ? []
      : [`${name}: its ${file} is a symlink to ${link}; docs/adopting.md describes what \`up\` does.`],
  );
}

function textOf(bytes: Buffer | undefined): string | undefined {
  if (bytes === undefined || bytes.length > MOST_BYTES || bytes.includes(0)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
