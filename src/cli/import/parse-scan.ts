import { formerLabel } from "../../model/former-unit.ts";
import type { Items } from "../../model/items.ts";
import type { EnvironmentFile } from "./environment-file.ts";
import type { PathKind } from "./move-paths-to-new-home.ts";
import { serviceOf } from "./parse-service.ts";
import type {
  Account,
  Group,
  Pane,
  ScannedFile,
  ScannedHost,
  ScannedProcess,
  ScannedService,
  ScannedUnit,
  ScannedUser,
  StackRecord,
  Terminal,
  UserUnit,
} from "./scanned-host.ts";

/** The rows of a scan: `of("file")` returns the fields of each row that begins with this word. */
interface Rows {
  of(word: string): string[][];
  bytes(word: string): Buffer[][];
}

/** Parses the output of the script from scan-script/. The output is untrusted data. Unknown rows are ignored. */
export function parseScan(answer: string): ScannedHost {
  const rows = rowsIn(answer);
  const [[foreign] = []] = rows.of("none");
  const [[self = "", login = "root", version = ""] = []] = rows.of("self");
  const accounts = rows.of("account").map(accountOf);
  const groups = rows.of("group").map(groupOf);
  const people = { accounts, groups };
  const units = unique(rows.of("units").flatMap(([shown = ""]) => unitsIn(shown)));
  const userUnits = rows
    .of("userunits")
    .flatMap(([user = "", shown = ""]) => unique(unitsIn(shown)).map((unit) => ({ ...unit, user })));
  return {
    ...(foreign !== undefined && { foreign: foreign.trim() }),
    isComplete: rows.of("end").length > 0,
    login,
    self: Number(self),
    systemd: Number(/\d+/.exec(version)?.[0] ?? 0),
    accounts,
    groups,
    processes: rows.of("process").map(processOf),
    users: rows.of("user").map((row) => userOf(row, rows, accounts, groups)),
    units,
    services: servicesIn(rows, "", units, people),
    userUnits,
    userServices: [...new Set(userUnits.map(({ user }) => user))].flatMap((user) =>
      userServicesIn(rows, user, userUnits, people),
    ),
    userUnitFiles: rows.of("userfile").map(([user = "", path = ""]) => ({ user, path })),
    terminals: rows.of("terminal").map((row) => terminalOf(row, rows)),
    paths: new Map(rows.of("path").map(([path = "", kind = ""]) => [path, pathKind(kind)])),
    packaged: new Set(rows.of("packaged").flatMap(([paths = ""]) => paths.split("\n").map(mergedPath))),
    schedules: rows.of("cron").map(([path = "", lines = "", ofFolders = ""]) => ({
      path,
      lines: Number(lines),
      ofFolders: Number(ofFolders),
    })),
    pending: rows.of("at").map(([user = ""]) => user.trim()),
    linger: rows.of("linger").map(([user = ""]) => user),
    privileged: rows.of("privileged").map(([program = ""]) => program),
    isSearched: rows.of("unsearched").length === 0,
    sudoers: new Map(rows.of("sudoers").map(([path = "", text = ""]) => [path, text])),
    records: rows.of("record").flatMap(([text = ""]) => recordOf(text)),
  };
}

/** Returns the path without `/usr` before `/lib`, because packages use both paths for the same file. */
export function mergedPath(path: string): string {
  return path.replace(/^\/usr\/lib\//, "/lib/");
}

function rowsIn(answer: string): Rows {
  const rows = netstrings(Buffer.from(answer, "base64")).map(netstrings);
  const byWord = Map.groupBy(rows, ([word]) => `${word}`);
  const bytes = (word: string) => (byWord.get(word) ?? []).map(([, ...fields]) => fields);
  return { bytes, of: (word) => bytes(word).map((fields) => fields.map((field) => field.toString("utf8"))) };
}

/** Splits netstrings: each has a length, `:` and bytes. Stops at the first bytes that are not a netstring. */
function netstrings(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  let at = 0;
  for (;;) {
    const colon = bytes.indexOf(":", at);
    const length = Number(bytes.toString("latin1", at, Math.min(colon, at + 12)));
    if (colon === -1 || !Number.isInteger(length) || colon + 1 + length > bytes.length) return found;
    found.push(bytes.subarray(colon + 1, colon + 1 + length));
    at = colon + 1 + length;
  }
}

function accountOf([name = "", uid = "", gid = "", home = ""]: string[]): Account {
  return { name, uid: Number(uid), gid: Number(gid), home };
}

function groupOf([name = "", gid = "", ...members]: string[]): Group {
  return { name, gid: Number(gid), members };
}

function processOf([pid = "", parent = "", uid = "", group = "", program = ""]: string[]): ScannedProcess {
  return { pid: Number(pid), parent: Number(parent), uid: Number(uid), group, program };
}

function unitsIn(shown: string): ScannedUnit[] {
  return shown.split("\n\n").flatMap((block) => {
    const pairs = block.split("\n").map((line): [string, string] => {
      const at = line.indexOf("=");
      return [line.slice(0, at), line.slice(at + 1)];
    });
    const properties = new Map(pairs);
    return properties.get("Id") ? [unitOf((key) => properties.get(key) ?? "")] : [];
  });
}

function unitOf(of: (key: string) => string): ScannedUnit {
  return {
    name: of("Id"),
    path: of("FragmentPath"),
    source: of("SourcePath"),
    isLoaded: of("LoadState") === "loaded",
    active: /^(active|activating|reloading)$/.test(of("ActiveState")),
    enabled: /^enabled/.test(of("UnitFileState")),
    linked: of("FragmentPath") !== "" && !/^\/(etc|run|usr|lib)\//.test(of("FragmentPath")),
    stale: of("NeedDaemonReload") === "yes",
    triggers: of("Triggers").split(" "),
  };
}

/** Removes duplicate units, because systemd reports a unit with several names several times. */
function unique(units: readonly ScannedUnit[]): ScannedUnit[] {
  return [...new Map(units.map((unit) => [unit.name, unit])).values()];
}

/** The accounts and groups of the host. */
interface People {
  readonly accounts: readonly Account[];
  readonly groups: readonly Group[];
}

/** @param manager the owner of the systemd that runs the services; empty for the system */
function servicesIn(
  rows: Rows,
  manager: string,
  units: readonly ScannedUnit[],
  people: People,
): ScannedService[] {
  const isOwn = ([user]: readonly (Buffer | string)[]) => `${user}` === manager;
  const texts = new Map(
    rows
      .of("text")
      .filter(isOwn)
      .map(([, path = "", text = ""]) => [path, text]),
  );
  const files = rows.bytes("env").filter(isOwn);
  return rows
    .bytes("service")
    .filter(isOwn)
    .flatMap(([, id, answer = Buffer.alloc(0), ...parts]) => {
      const unit = units.find((one) => one.name === `${id}`);
      if (unit === undefined) return [];
      const text = texts.get(unit.path) ?? "";
      const dropIns = parts
        .map(String)
        .filter((path) => path !== unit.path)
        .map((path) => texts.get(path) ?? "");
      const environmentFiles = files.flatMap(([, ...row]) => environmentFileOf(row, unit.name));
      return [serviceOf(answer, { ...people, unit, text, dropIns, environmentFiles })];
    });
}

/**
 * Returns the services of a user's systemd. These services run as this user, and their default working directory is the
 * user's home.
 */
function userServicesIn(
  rows: Rows,
  user: string,
  units: readonly UserUnit[],
  people: People,
): ScannedService[] {
  const home = people.accounts.find(({ name }) => name === user)?.home ?? "";
  const own = units.filter((unit) => unit.user === user);
  return servicesIn(rows, user, own, people).map((service) => {
    const workdir = /^(~|)$/.test(service.workdir) ? home : service.workdir;
    return { ...service, user, isUserService: true, workdir };
  });
}

/** Returns the environment file. Omits an optional file, because the service can start without this file. */
function environmentFileOf([unit, path, optional, bytes]: Buffer[], name: string): EnvironmentFile[] {
  if (`${unit}` !== name || `${optional}` === "yes") return [];
  return [{ path: `${path}`, ...(bytes !== undefined && { text: `${bytes}` }) }];
}

function userOf(
  [name = "", home = "", link = "", mode = ""]: string[],
  rows: Rows,
  accounts: readonly Account[],
  groups: readonly Group[],
): ScannedUser {
  const own = (word: string) => rows.bytes(word).filter(([user]) => user?.toString("utf8") === name);
  const books = filesOf(own("book"));
  const [book, bookLog] = [books["contacts.db"]?.bytes, books["contacts.db-wal"]?.bytes];
  const account = accounts.find((one) => one.name === name);
  return {
    name,
    group: groups.find(({ gid }) => gid === account?.gid)?.name ?? "",
    home,
    mode,
    ...(link.trim() !== "" && { link: link.trim() }),
    files: filesOf(own("file")),
    ...(books["contacts.db"] && { book: book ?? Buffer.alloc(0) }),
    ...(bookLog && { bookLog }),
    keys: own("keys")
      .map(([, text]) => `${text}`)
      .join("\n"),
    privileged: own("special").map(([, file]) => `${file}`),
  };
}

function filesOf(rows: readonly Buffer[][]): Readonly<Record<string, ScannedFile>> {
  const files = rows.map(([, path, mode, link, bytes]): [string, ScannedFile] => [
    `${path}`,
    {
      mode: `${mode}`.trim().padStart(4, "0"),
      bytes,
      ...(`${link}`.trim() !== "" && { link: `${link}`.trim() }),
    },
  ]);
  return Object.fromEntries(files);
}

function terminalOf([pid = "", socket = "", user = "", shown = ""]: string[], rows: Rows): Terminal {
  const variables = new Map(rows.of("variables").map(([pane = "", text = ""]) => [pane, text]));
  const panes = shown
    .split("\n")
    .filter((line) => line !== "")
    .map((line): Pane => {
      const [pane = "", session = "", workdir = "", ...command] = line.split("\t");
      const environment = (variables.get(pane) ?? "").split("\0").filter((one) => /^[A-Za-z_]\w*=/.test(one));
      return { pid: Number(pane), session, workdir, command: command.join("\t"), environment };
    });
  return { pid: Number(pid), socket, user, panes };
}

function pathKind(kind: string): PathKind {
  return kind === "folder" || kind === "link" ? kind : "file";
}

function recordOf(text: string): StackRecord[] {
  try {
    const { owner, items } = JSON.parse(text) as { owner: string; items: Items };
    const all = Object.values(items);
    const users = all.flatMap((item) => (item.kind === "user" ? [item.name] : []));
    const units = all.flatMap((item) => (item.kind === "unit" ? [formerLabel(item)] : []));
    return [{ owner, users, units }];
  } catch {
    return [];
  }
}
