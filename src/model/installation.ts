import { digestOf } from "./digest.ts";
import { INSTALLATIONS_DIR } from "./host-paths.ts";
import type { Digest } from "./items.ts";

/** The sources of programs. Each has one module in src/sources. */
export const SOURCES = ["npm", "pypi", "tarball"] as const;

export type SourceName = (typeof SOURCES)[number];

/** The architectures of hosts, as Node names them. */
export const CPUS = ["x64", "arm64"] as const;

export type Cpu = (typeof CPUS)[number];

/** `sha512-<base64>` or `sha256-<base64>` of an archive's bytes, as npm writes it. */
export type Integrity = `sha512-${string}` | `sha256-${string}`;

/** One archive of a program. All archives are for Linux. */
export interface Archive {
  /** The archive's name at its source, such as `@openai/codex`, or a file name at PyPI. */
  readonly name: string;
  readonly version: string;
  readonly integrity: Integrity;
  /** The folder, in the folder of the installation, into which the archive is unpacked. */
  readonly folder: string;
  /** If present, only hosts with these architectures need the archive. */
  readonly cpu?: readonly Cpu[];
}

/**
 * One pinned version of a program in fleet.lock, with all its archives. It contains no address of a registry. The
 * digest of its text (see `pinnedText`) identifies the installation.
 */
export interface Pinned {
  readonly from: SourceName;
  /** The name of the package; for a tarball, the name of the entry in `runtimes`. */
  readonly package: string;
  readonly version: string;
  /** The name under which the program is started. */
  readonly program: string;
  /**
   * The program's file in the folder of the installation: one file for all hosts, or one file for each architecture.
   */
  readonly file: string | Readonly<Partial<Record<Cpu, string>>>;
  /**
   * The interpreter of the file: Node from one of the archives, or the host's Python of the version in `python`. If
   * absent, the file needs no interpreter.
   */
  readonly interpreter?: "node" | "python";
  /** The version of Node or Python, such as `24.21.0` or `3.11`. Present if there is an interpreter. */
  readonly interpreterVersion?: string;
  readonly archives: readonly Archive[];
  /** The files of the archives, in the folder of the installation, that are not installed. */
  readonly unwanted?: readonly string[];
}

/** One entry of `runtimes` in fleet.yaml, with the defaults of its runtime. */
export interface WantedRuntime {
  /** The name of the entry. */
  readonly name: string;
  readonly from: SourceName;
  readonly version: string;
  /** The name of the package; for a tarball, the name of the entry. */
  readonly package: string;
  /** The name of the program or, for a tarball, its path. If absent, the package must have exactly one program. */
  readonly program?: string;
  /**
   * Only for an npm package with its program in other packages: the program's file in `node_modules`, with `{cpu}` for
   * the architecture.
   */
  readonly native?: string;
  /** Only for an npm package: the files of the package that are not installed. */
  readonly unwanted?: readonly string[];
  /** Only for a package of PyPI: the version of Python that hosts have, such as `3.11`. */
  readonly python?: string;
  readonly mirror?: string;
  /** Only for a tarball: the address of the tarball, or its absolute path on the operator's machine. */
  readonly url?: string;
  /** Only for a tarball: its digest, as `sha256:<64 hex digits>`. */
  readonly digest?: string;
}

/**
 * Returns the difference between a pinned version and the wanted version; undefined if there is no difference.
 *
 * @returns a clause, such as `has claude 2.1.331`
 */
export function misfit(wanted: WantedRuntime, pinned: Pinned | undefined): string | undefined {
  const { name, from, version, package: own, program, digest, python } = wanted;
  if (pinned === undefined) return `has no ${name}`;
  if (pinned.version !== version) return `has ${name} ${pinned.version}`;
  if (pinned.from !== from) return `has ${name} from ${pinned.from}`;
  if (pinned.package !== own) return `has the package ${pinned.package} for ${name}`;
  if (program !== undefined && from !== "tarball" && pinned.program !== program)
    return `has the program ${pinned.program} for ${name}`;
  if (python !== undefined && pinned.interpreterVersion !== python)
    return `has ${name} for Python ${pinned.interpreterVersion}`;
  if (from !== "tarball") return undefined;
  if (pinned.file !== program) return `has another program for ${name}`;
  return pinned.archives[0]?.integrity === integrityOf(digest ?? "")
    ? undefined
    : `has another digest of ${name}`;
}

/** Converts `sha256:<hex digits>` to an integrity. */
export function integrityOf(digest: string): Integrity {
  return `sha256-${Buffer.from(digest.replace("sha256:", ""), "hex").toString("base64")}`;
}

/** Returns the text that stores, sends and identifies a pinned version: JSON with a fixed order of keys. */
export function pinnedText(pinned: Pinned): string {
  const { from, package: name, version, program, file, interpreter, interpreterVersion } = pinned;
  const ordered = {
    ...{ from, package: name, version, program, file },
    ...(interpreter && { interpreter, interpreterVersion }),
    ...(pinned.unwanted && { unwanted: pinned.unwanted }),
    archives: pinned.archives.map(({ name, version, integrity, folder, cpu }) => ({
      ...{ name, version, integrity, folder },
      ...(cpu && { cpu }),
    })),
  };
  return `${JSON.stringify(ordered, null, 2)}\n`;
}

export function pinnedDigest(pinned: Pinned): Digest {
  return digestOf(pinnedText(pinned));
}

/** Returns the name of an installation's folder: `<version>-<start of the digest>`. */
export function installationName(version: string, digest: string): string {
  return `${version}-${digest.replace("sha256:", "").slice(0, 12)}`;
}

/** Returns the version in the name of an installation's folder. */
export function versionOfInstallation(name: string): string {
  return name.replace(/-[0-9a-f]{12}$/, "");
}

/** Returns the folder of an installation on a host. @param name the entry in `runtimes` */
export function installationFolder(name: string, version: string, digest: string): string {
  return `${INSTALLATIONS_DIR}/${name}/${installationName(version, digest)}`;
}

/** Returns the path that a unit uses to start the program of an installation. */
export function programPath(folder: string, program: string): string {
  return `${folder}/bin/${program}`;
}

/** Whether a host of this architecture needs an archive. */
export function isFor(cpu: string, archive: Archive): boolean {
  return archive.cpu === undefined || archive.cpu.some((one) => one === cpu);
}

/** The file at the top of an installation that describes the installation. It is written last. */
export const INSTALLED_FILE = ".muster-installed.json";
