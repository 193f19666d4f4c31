/** What a scan has found on a host. */
export interface ScannedHost {
  /** The name of the operating system; present only if the host has no systemd. */
  readonly foreign?: string;
  readonly users: readonly ScannedUser[];
  readonly services: readonly ScannedService[];
  /** What else runs on the host: crontabs, timers, and programs that no service started. */
  readonly left: readonly string[];
  /** The stacks that have records on the host, as `<project>/<stack>`. */
  readonly stacks: readonly string[];
}

export interface ScannedUser {
  readonly name: string;
  readonly group: string;
  readonly home: string;
  /** Identity files by name. */
  readonly files: Readonly<Record<string, ScannedFile>>;
  readonly book?: Buffer;
  readonly bookLog?: Buffer;
}

export interface ScannedFile {
  readonly bytes: Buffer;
  /** The file's permissions, as four octal digits. */
  readonly mode: string;
}

export interface ScannedService {
  readonly unit: string;
  readonly user: string;
  /** The ExecStart= lines of the unit's file. */
  readonly starts: readonly string[];
  readonly workdir: string;
  /** The variables as systemd shows them: words, quoted if necessary. */
  readonly environment: string;
  /** The names of the variables in its environment files. */
  readonly secrets: readonly string[];
  readonly enabled: boolean;
  readonly active: boolean;
}

/** Parses the answer of scan-script.ts. The answer is untrusted data; unknown lines are ignored. */
export function parseScan(answer: string): ScannedHost {
  const lines = decode(answer)
    .toString("utf8")
    .split("\n")
    .map((line) => line.split(" "));
  const all = (kind: string) =>
    lines.filter(([word]) => word === kind).map(([, ...fields]) => fields.map(decode));
  const texts = (kind: string) => all(kind).map((fields) => fields.map((field) => field.toString("utf8")));
  const [[foreign] = []] = texts("none");
  const [files, books] = [all("file"), all("book")];
  return {
    ...(foreign !== undefined && { foreign: foreign.trim() }),
    users: texts("user").map(([name = "", group = "", home = ""]) => userOf(name, group, home, files, books)),
    services: texts("service").map(([shown = "", names = "", starts = ""]) =>
      serviceOf(shown, names, starts),
    ),
    left: texts("left").map(([what = ""]) => what),
    stacks: texts("stack").map(([owner = ""]) => owner.replaceAll("~", "/")),
  };
}

function decode(field: string): Buffer {
  return Buffer.from(field, "base64");
}

function userOf(
  name: string,
  group: string,
  home: string,
  files: readonly Buffer[][],
  books: readonly Buffer[][],
): ScannedUser {
  const own = (rows: readonly Buffer[][]) =>
    rows
      .filter(([user]) => user?.toString("utf8") === name)
      .map(([, path, mode, bytes]) => ({
        file: path?.toString("utf8").slice(home.length + 1) ?? "",
        mode: (mode?.toString("utf8").trim() ?? "").padStart(4, "0"),
        bytes: bytes ?? Buffer.alloc(0),
      }));
  const bookOf = (file: string) => own(books).find((one) => one.file === file)?.bytes;
  const [book, bookLog] = [bookOf("contacts.db"), bookOf("contacts.db-wal")];
  return {
    name,
    group,
    home,
    files: Object.fromEntries(own(files).map(({ file, mode, bytes }) => [file, { mode, bytes }])),
    ...(book && { book }),
    ...(bookLog && { bookLog }),
  };
}

function serviceOf(shown: string, names: string, starts: string): ScannedService {
  const properties = new Map(
    shown.split("\n").map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
  const of = (key: string) => properties.get(key) ?? "";
  return {
    unit: of("Id"),
    user: of("User"),
    starts: starts.split("\n").filter((line) => line !== ""),
    workdir: of("WorkingDirectory").replace(/^[!-]+/, ""),
    environment: of("Environment"),
    secrets: names.split("\n").filter((name) => name !== ""),
    enabled: /^enabled/.test(of("UnitFileState")),
    active: of("ActiveState") === "active",
  };
}
