import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MusterError } from "../base/errors.ts";
import {
  type Archive,
  CPUS,
  type Cpu,
  type Integrity,
  integrityOf,
  type Pinned,
  type WantedRuntime,
} from "../model/installation.ts";
import { runTool } from "./run-tool.ts";
import type { Origin, Source } from "./source.ts";

/**
 * The source PyPI. The operator's own pip finds and downloads the wheels, so its indexes, logins and proxies apply.
 * Only wheels are used, because the build of a package would run the package's code.
 */
export const pypi: Source = { resolve, download, urls };

/** One package in pip's report about an installation; see "Installation Report" at pip.pypa.io. */
interface Reported {
  readonly download_info: { readonly archive_info?: { readonly hashes?: { readonly sha256?: string } } };
  readonly metadata: { readonly name: string; readonly version: string };
}

const MACHINES: Readonly<Record<Cpu, string>> = { x64: "x86_64", arm64: "aarch64" };

/** The newest version of the C library for which wheels are chosen: the version in Debian 12. */
const GLIBC_MINOR = 36;

async function resolve(
  wanted: WantedRuntime,
  project: string,
  notice: (sentence: string) => void,
): Promise<Pinned> {
  const { package: name, version, mirror, python = "" } = wanted;
  const origin = { project, addresses: mirror === undefined ? [] : [mirror] };
  const found = new Map<Cpu, readonly Archive[]>();
  for (const cpu of CPUS) {
    try {
      found.set(cpu, await wheelsFor(wanted, python, cpu, origin));
    } catch (error) {
      if (!(error instanceof MusterError) || cpu === "x64") throw error;
      notice(
        `${wanted.name}: it is not pinned for ${cpu}, because not all of its packages have wheels for it`,
      );
    }
  }
  const [program, entry] = await entryPoint(wanted, python, origin);
  return {
    ...{ from: "pypi", package: name, version, program, file: entry },
    ...{ interpreter: "python", interpreterVersion: python },
    archives: merged(found),
  };
}

async function wheelsFor(
  { package: name, version }: WantedRuntime,
  python: string,
  cpu: Cpu,
  origin: Origin,
): Promise<Archive[]> {
  return inFolder(async (dir) => {
    const report = join(dir, "report.json");
    const args = [
      "install",
      "--dry-run",
      "--ignore-installed",
      "--target",
      join(dir, "none"),
      "--report",
      report,
    ];
    await pip(
      [...args, ...platform(python, cpu), `${name}==${version}`],
      `${name} ${version} was not pinned`,
      origin,
    );
    const { install } = JSON.parse(readFileSync(report, "utf8")) as { install: readonly Reported[] };
    return install.map(({ metadata, download_info: { archive_info } }) => {
      const sha256 = archive_info?.hashes?.sha256;
      if (sha256 === undefined)
        throw new MusterError({
          what: `${name} ${version} was not pinned`,
          why: `the index has no SHA-256 digest of ${metadata.name} ${metadata.version}, which it needs.`,
        });
      const folder = `lib/python${python}/site-packages`;
      return {
        name: metadata.name,
        version: metadata.version,
        integrity: integrityOf(`sha256:${sha256}`),
        folder,
      };
    });
  });
}

/** Joins the lists of wheels of all architectures. Lists a wheel that several architectures use only once. */
function merged(found: ReadonlyMap<Cpu, readonly Archive[]>): Archive[] {
  const users = new Map<Integrity, { readonly archive: Archive; readonly cpu: Cpu[] }>();
  for (const [cpu, archives] of found) {
    for (const archive of archives) {
      const known = users.get(archive.integrity) ?? { archive, cpu: [] };
      known.cpu.push(cpu);
      users.set(archive.integrity, known);
    }
  }
  const all = [...users.values()].map(({ archive, cpu }) =>
    cpu.length === CPUS.length ? archive : { ...archive, cpu },
  );
  return all.sort(
    (a, b) => a.name.localeCompare(b.name, "en") || a.integrity.localeCompare(b.integrity, "en"),
  );
}

/** A Python program that prints the scripts of a wheel as JSON: their names and entry points. */
const READ_SCRIPTS = `
import configparser, json, sys, zipfile
wheel = zipfile.ZipFile(sys.argv[1])
names = [name for name in wheel.namelist() if name.endswith(".dist-info/entry_points.txt")]
parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
parser.optionxform = str
for name in names:
    parser.read_string(wheel.read(name).decode())
print(json.dumps(dict(parser["console_scripts"]) if parser.has_section("console_scripts") else {}))
`;

/** Returns the name of the program, and its entry point, such as `hermes_cli.main:main`. */
async function entryPoint(wanted: WantedRuntime, python: string, origin: Origin): Promise<[string, string]> {
  const { package: name, version, program } = wanted;
  return inFolder(async (dir) => {
    await downloadWheels([{ name, version }], dir, python, "x64", origin);
    const [wheel = ""] = readdirSync(dir);
    const what = `${name} ${version} was not pinned`;
    const out = await runTool({
      tool: "python3",
      args: ["-c", READ_SCRIPTS, join(dir, wheel)],
      cwd: dir,
      what,
    });
    const scripts = JSON.parse(out) as Readonly<Record<string, string>>;
    const names = Object.keys(scripts);
    const chosen = program ?? (names.length === 1 ? names[0] : undefined);
    const entry = chosen === undefined ? undefined : scripts[chosen]?.replaceAll(/\s|\[.*\]$/g, "");
    if (chosen !== undefined && entry !== undefined) return [chosen, entry];
    const next = "Write the right one as `program` in `runtimes`.";
    throw new MusterError({ what, why: `its programs are: ${names.join(", ") || "none"}.`, next });
  });
}

async function download(archives: readonly Archive[], to: string, origin: Origin): Promise<void> {
  for (const cpu of CPUS) {
    const some = archives.filter((archive) => (archive.cpu?.[0] ?? "x64") === cpu);
    const python = /^lib\/python([\d.]+)\//.exec(some[0]?.folder ?? "")?.[1] ?? "";
    if (some.length > 0) await downloadWheels(some, to, python, cpu, origin);
  }
}

async function downloadWheels(
  packages: readonly Pick<Archive, "name" | "version">[],
  to: string,
  python: string,
  cpu: Cpu,
  origin: Origin,
): Promise<void> {
  const specs = packages.map(({ name, version }) => `${name}==${version}`);
  const args = ["download", "--no-deps", "--dest", to, ...platform(python, cpu), ...specs];
  await pip(args, `${specs[0]} was not downloaded`, origin);
}

/** Returns the options that make pip choose wheels for hosts and not for the operator's machine. */
function platform(python: string, cpu: Cpu): string[] {
  const machine = MACHINES[cpu];
  const minors = Array.from({ length: GLIBC_MINOR - 4 }, (_, i) => i + 5);
  const names = [
    ...minors.map((minor) => `manylinux_2_${minor}_${machine}`),
    `manylinux2014_${machine}`,
    `linux_${machine}`,
  ];
  const abi = `cp${python.replace(".", "")}`;
  return [
    ...["--only-binary", ":all:", "--python-version", python, "--implementation", "cp"],
    ...["--abi", abi, "--abi", "abi3", "--abi", "none"],
    ...names.flatMap((name) => ["--platform", name]),
  ];
}

function pip(
  args: readonly string[],
  what: string,
  { project, addresses: [mirror] }: Origin,
): Promise<string> {
  const index = mirror === undefined ? [] : ["--index-url", mirror];
  const all = ["-m", "pip", ...args, ...index, "--quiet", "--disable-pip-version-check", "--no-input"];
  return runTool({ tool: "python3", args: all, cwd: project, what });
}

/**
 * Returns no URLs, because the URL of a wheel contains a hash that is not in fleet.lock. The operator's machine
 * therefore sends the wheels to the host.
 */
async function urls(): Promise<Readonly<Record<string, string>>> {
  return {};
}

async function inFolder<T>(work: (dir: string) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), "muster-pypi-"));
  try {
    return await work(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
