import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { MusterError } from "../base/errors.ts";
import {
  type Archive,
  CPUS,
  type Cpu,
  type Integrity,
  type Pinned,
  type WantedRuntime,
} from "../model/installation.ts";
import { runTool } from "./run-tool.ts";
import type { Origin, Source } from "./source.ts";

/**
 * The source npm. The operator's own npm finds and downloads the packages, so its registries, logins and proxies apply.
 * No script of a package ever runs.
 */
export const npm: Source = { resolve, download, urls };

/** The entry of one package in package-lock.json. */
interface LockEntry {
  readonly name?: string;
  readonly version?: string;
  readonly integrity?: string;
  readonly bin?: Readonly<Record<string, string>>;
  /** Like the next two fields, this field is a list of words or a single word. */
  readonly os?: string | readonly string[];
  readonly cpu?: string | readonly string[];
  readonly libc?: string | readonly string[];
  readonly inBundle?: boolean;
  readonly hasInstallScript?: boolean;
}

/** The packages that contain Node. Only their file `bin/node` is used. */
const NODE = (cpu: Cpu) => `node-linux-${cpu}`;

async function resolve(
  wanted: WantedRuntime,
  project: string,
  notice: (sentence: string) => void,
): Promise<Pinned> {
  const { package: name, version, native } = wanted;
  const from = { project, addresses: wanted.mirror === undefined ? [] : [wanted.mirror] };
  const node = native === undefined ? await findNode(wanted, from) : undefined;
  const optionalDependencies = node && Object.fromEntries(CPUS.map((cpu) => [NODE(cpu), node]));
  const entries = await lockedTree({ dependencies: { [name]: version }, optionalDependencies }, wanted, from);
  const archives = Object.entries(entries).flatMap(([folder, entry]) => archiveOf(folder, entry, wanted));
  const scripts = archives.flatMap(({ folder, name }) => (entries[folder]?.hasInstallScript ? [name] : []));
  if (native === undefined && scripts.length > 0)
    notice(
      `${wanted.name}: the install scripts of these packages do not run: ${[...new Set(scripts)].join(", ")}`,
    );
  const unwanted = wanted.unwanted?.map((path) => posix.join("node_modules", name, path));
  const base = { from: "npm", package: name, version, archives, ...(unwanted && { unwanted }) } as const;
  const [program, file] = programOf(wanted, entries[`node_modules/${name}`]?.bin ?? {});
  if (node !== undefined) return { ...base, program, file, interpreter: "node", interpreterVersion: node };
  return { ...base, program, file: nativeFiles(wanted, archives) };
}

/** Returns the name of the program, and its file in the folder of the installation. */
function programOf(
  { program, package: name, version }: WantedRuntime,
  bin: Readonly<Record<string, string>>,
): [string, string] {
  const names = Object.keys(bin);
  const chosen = program ?? (names.length === 1 ? names[0] : undefined);
  const file = chosen === undefined ? undefined : bin[chosen];
  if (chosen !== undefined && file !== undefined) return [chosen, posix.join("node_modules", name, file)];
  const why = `its programs are: ${names.join(", ") || "none"}.`;
  const next = "Write the right one as `program` in `runtimes`.";
  throw new MusterError({ what: `${name} ${version} has no program ${program ?? "of its own"}`, why, next });
}

/** Returns the native program for each architecture that the package supports. */
function nativeFiles({ native = "", package: name, version }: WantedRuntime, archives: readonly Archive[]) {
  const files = CPUS.map((cpu) => [cpu, `node_modules/${native.replace("{cpu}", cpu)}`] as const);
  const found = files.filter(([, file]) => archives.some(({ folder }) => file.startsWith(`${folder}/`)));
  if (found.length > 0) return Object.fromEntries(found);
  throw new MusterError({
    what: `${name} ${version} was not pinned`,
    why: "it has no native program for Linux.",
  });
}

/**
 * Returns an entry as an archive. Returns an empty list if no Linux host needs the archive, or if another archive
 * contains it.
 */
function archiveOf(folder: string, entry: LockEntry, { name: runtime }: WantedRuntime): Archive[] {
  const { os, cpu, libc, version = "", integrity = "", inBundle } = entry;
  if (folder === "" || inBundle) return [];
  const cpus = CPUS.filter((one) => admits(cpu, one));
  if (!admits(os, "linux") || !admits(libc, "glibc") || cpus.length === 0) return [];
  const name = entry.name ?? folder.slice(folder.lastIndexOf("node_modules/") + "node_modules/".length);
  const [best] = integrity.split(" ").filter((one) => one.startsWith("sha512-"));
  if (best === undefined)
    throw new MusterError({
      what: `${runtime} was not pinned`,
      why: `the registry has no SHA-512 digest of ${name} ${version}, which it needs.`,
    });
  return [
    {
      ...{ name, version, integrity: best as Integrity, folder },
      ...(cpus.length < CPUS.length && { cpu: cpus }),
    },
  ];
}

/** Whether a list such as `["linux"]` or `["!win32"]`, or a single word, allows a value. */
function admits(words: string | readonly string[] | undefined, value: string): boolean {
  const list = [words ?? []].flat();
  if (list.length === 0) return true;
  if (list.includes(`!${value}`)) return false;
  return list.includes(value) || list.every((one) => one.startsWith("!"));
}

/**
 * Chooses the version of Node for a package: Muster's own version if the package supports it, and otherwise the newest
 * supported version.
 */
async function findNode({ package: name, version }: WantedRuntime, from: Origin): Promise<string> {
  const what = `${name} ${version} was not pinned`;
  const engines = await npmJson(["view", `${name}@${version}`, "engines"], what, from);
  const range = (engines as { node?: string } | undefined)?.node ?? "*";
  const found = await npmJson(["view", `${NODE("x64")}@${range}`, "version"], what, from);
  const versions = [found ?? []].flat().filter((one): one is string => /^\d+\.\d+\.\d+$/.test(`${one}`));
  const own = versions.find((one) => one === process.versions.node);
  const newest = versions.toSorted((a, b) => a.localeCompare(b, "en", { numeric: true })).at(-1);
  const chosen = own ?? newest;
  if (chosen !== undefined) return chosen;
  throw new MusterError({
    what,
    why: `it needs Node ${range}, which the registry does not have as ${NODE("x64")}.`,
  });
}

async function lockedTree(
  manifest: object,
  { package: name, version }: WantedRuntime,
  from: Origin,
): Promise<Readonly<Record<string, LockEntry>>> {
  return inFolder(from, async (dir) => {
    writeFileSync(join(dir, "package.json"), JSON.stringify({ private: true, ...manifest }));
    const args = [
      "install",
      "--package-lock-only",
      "--lockfile-version=3",
      "--omit=dev",
      "--no-audit",
      "--no-fund",
    ];
    await npmIn(dir, args, `${name} ${version} was not pinned`, from);
    const lock = JSON.parse(readFileSync(join(dir, "package-lock.json"), "utf8")) as {
      packages?: Record<string, LockEntry>;
    };
    return lock.packages ?? {};
  });
}

/** The maximum number of packages that a single npm call downloads. */
const AT_ONCE = 50;

async function download(archives: readonly Archive[], to: string, from: Origin): Promise<void> {
  await inFolder(from, async (dir) => {
    for (let at = 0; at < archives.length; at += AT_ONCE) {
      const some = archives.slice(at, at + AT_ONCE);
      const specs = some.map(({ name, version }) => `${name}@${version}`);
      const args = ["pack", "--prefer-offline", "--pack-destination", to, ...new Set(specs)];
      await npmIn(dir, args, `${specs[0]} was not downloaded`, from);
    }
  });
}

async function urls(archives: readonly Archive[], from: Origin): Promise<Readonly<Record<string, string>>> {
  const scopes = [...new Set(archives.map(({ name }) => scopeOf(name)))];
  const registries = await inFolder(from, async (dir) => {
    const settings = scopes.map(async (scope) => [scope, await registryOf(dir, scope, from)] as const);
    return new Map(await Promise.all(settings));
  });
  const addresses = archives.map(({ name, version, integrity }) => {
    const registry = registries.get(scopeOf(name)) ?? "";
    return [
      integrity,
      `${registry.replace(/\/$/, "")}/${name}/-/${posix.basename(name)}-${version}.tgz`,
    ] as const;
  });
  return Object.fromEntries(addresses);
}

function scopeOf(name: string): string {
  return name.startsWith("@") ? posix.dirname(name) : "";
}

async function registryOf(dir: string, scope: string, from: Origin): Promise<string> {
  const [mirror] = from.addresses;
  if (mirror !== undefined) return mirror;
  const ask = async (key: string) => (await npmIn(dir, ["config", "get", key], "npm", from)).trim();
  const own = scope === "" ? "undefined" : await ask(`${scope}:registry`);
  return own === "undefined" ? ask("registry") : own;
}

async function npmJson(args: readonly string[], what: string, from: Origin): Promise<unknown> {
  const out = await inFolder(from, (dir) => npmIn(dir, [...args, "--json"], what, from));
  return out.trim() === "" ? undefined : (JSON.parse(out) as unknown);
}

function npmIn(
  dir: string,
  args: readonly string[],
  what: string,
  { addresses: [mirror] }: Origin,
): Promise<string> {
  const registry = mirror === undefined ? [] : ["--registry", mirror];
  const quiet = ["--ignore-scripts", "--no-update-notifier", "--loglevel=error", "--prefix", dir];
  return runTool({ tool: "npm", args: [...args, ...quiet, ...registry], cwd: dir, what });
}

/** Runs `work` in a temporary folder with the project's own npm settings. */
async function inFolder<T>({ project }: Origin, work: (dir: string) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), "muster-npm-"));
  try {
    const settings = join(project, ".npmrc");
    if (existsSync(settings)) copyFileSync(settings, join(dir, ".npmrc"));
    return await work(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
