import { Secret } from "../../src/base/secret.ts";
import { columnsOf, parseRows } from "../../src/host/sqlite/table.ts";
import type { Contents, FileItem, HostItem } from "../../src/model/items.ts";
import { renderSecret, resolveSecret } from "../../src/provider/resolve-secrets.ts";
import { archive, type Entry } from "./create-tar.ts";
import { type ItemOf, line, ofKind, quoted } from "./items.ts";

/** The contents and secrets to which the items refer. */
export interface Sources {
  readonly contents: Contents;
  /** The secrets by the NAME in `config:NAME`. */
  readonly secrets: Readonly<Record<string, string>>;
}

/**
 * Returns the script that an expert would write by hand to set up a new host. The script creates the accounts one by
 * one, because the tools create only one account per call. All files and folders are in one archive, with their owners
 * and modes. The script runs sqlite3 once for each contact book. It reloads systemd once, and starts all units with one
 * command. It does not observe the host, and can run only once.
 *
 * @param items all items except Muster's runtime, its deadman and packages. The script does not need the runtime and
 *   the deadman, and the benchmark's hosts already have the packages.
 */
export function applyScript(items: readonly HostItem[], sources: Sources): string {
  const units = [...ofKind(items, "unit"), ...ofKind(items, "timer")];
  const enabled = units.filter(({ want }) => want.enabled === "enabled").map(({ name }) => name);
  const running = units.filter(({ want }) => want.active === "running").map(({ name }) => name);
  return [
    "set -eu",
    ...ofKind(items, "group").map(({ name }) => `groupadd ${quoted(name)}`),
    ...ofKind(items, "user").map(useradd),
    ...unpack(entriesOf(items, sources)),
    ...ofKind(items, "rows").flatMap((book) => fill(book, sources.contents)),
    // Without this flag, `enable` would also reload systemd.
    ...line("systemctl --quiet --no-reload enable --", enabled),
    "systemctl daemon-reload",
    ...line("systemctl start --", running),
    "",
  ].join("\n");
}

function useradd({ name, system, want }: ItemOf<"user">): string {
  const place = ["--no-create-home", "--home-dir", want.home, "--gid", want.group, "--shell", want.shell];
  const account = system ? ["--system", "--password", "*"] : [];
  return ["useradd", ...[...place, ...account, "--", name].map(quoted)].join(" ");
}

/**
 * Returns the entries of the archive. A contact book is an empty file with its owner and mode, because an empty file is
 * a valid empty database.
 */
function entriesOf(items: readonly HostItem[], sources: Sources): Entry[] {
  const folders = ofKind(items, "directory").map(({ path, want }) => ({ path, ...want }));
  const files = ofKind(items, "file").map((item) => ({
    path: item.path,
    ...item.want,
    text: textOf(item, sources),
  }));
  const books = ofKind(items, "rows").map(({ path, want }) => ({ path, ...want }));
  return [...folders, ...files, ...books];
}

function textOf({ path, want, secret, envName }: FileItem, { contents, secrets }: Sources): string {
  if (secret !== undefined) {
    const config = new Map(Object.entries(secrets).map(([name, value]) => [name, new Secret(value)]));
    const commands = () => new Secret("");
    return renderSecret(
      resolveSecret(secret, { config, env: {}, commands, peerOf: () => undefined }),
      envName,
    );
  }
  const text = contents[want.content as keyof Contents];
  if (text === undefined) throw new Error(`the plan has no content for ${path}`);
  return text;
}

/**
 * Returns the lines that unpack the archive from a here-document. The archive is encoded as base64, so that no content
 * can end the here-document.
 */
function unpack(entries: readonly Entry[]): string[] {
  const text = archive(entries).toString("base64");
  return ["base64 -d <<'ARCHIVE' | tar -xp -C /", ...(text.match(/.{1,76}/g) ?? []), "ARCHIVE"];
}

/** Returns the lines that write all rows of a contact book in one statement. */
function fill({ path, table, want }: ItemOf<"rows">, contents: Contents): string[] {
  const rows = parseRows(contents[want.rows] ?? "{}");
  const columns = columnsOf(rows);
  const value = (text: string | undefined) => (text === undefined ? "NULL" : sqlText(text));
  const tuples = Object.entries(rows).map(([key, row]) => {
    return `(${[sqlText(key), ...columns.map((column) => value(row[column]))].join(", ")})`;
  });
  const definitions = ["name TEXT PRIMARY KEY", ...columns.map((column) => `"${column}" TEXT`)];
  return [
    `sqlite3 ${quoted(path)} <<'ROWS'`,
    `BEGIN; CREATE TABLE ${table} (${definitions.join(", ")});`,
    ...(tuples.length > 0 ? [`INSERT INTO ${table} VALUES\n${tuples.join(",\n")};`] : []),
    "COMMIT;",
    "ROWS",
  ];
}

function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
