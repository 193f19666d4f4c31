import {
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statfsSync,
  unlinkSync,
} from "node:fs";
import { dirname } from "node:path";
import { MusterError } from "../../base/errors.ts";
import type { CheckoutItem } from "../../model/items.ts";
import { asUser } from "../accounts/as-user.ts";
import type { Account } from "../accounts/read-accounts.ts";
import type { Host } from "../context.ts";
import { compactTime } from "../fs/write.ts";
import { isFolder, readAgentFile, replaceAgentFile, statOf } from "./agent-files.ts";
import { type CheckoutState, readIndex, readState, storeIndex, writeState } from "./checkout-state.ts";
import { fetchCommit } from "./fetch-commit.ts";
import { type Git, gitFor, makeSettings } from "./git.ts";
import {
  commitLocalWork,
  type Differences,
  differences,
  filesIn,
  isAncestor,
  isCommit,
} from "./local-work.ts";
import { readHead, writeBranch, writeHead } from "./refs.ts";
import { configText, remotesOf, writeConfig } from "./remotes.ts";

/** The folder in `.git` that a reset uses instead of `.git`. The next reset deletes what a killed reset has left. */
const WORK = ".git/muster-reset";

/** Bytes that must remain free on the disk after a reset. */
const RESERVE = 16 * 1024 * 1024;

/** The paths that the last reset of each checkout in this process has changed. */
const changedPaths = new Map<string, readonly string[]>();

export function changedBy(folder: string): readonly string[] {
  return changedPaths.get(folder) ?? [];
}

/** One reset of one checkout. */
interface Reset {
  readonly host: Host;
  readonly item: CheckoutItem;
  readonly account: Account;
  readonly git: Git;
  /** The folder with Muster's configuration, its index and the new objects. */
  readonly work: string;
  /** The folder with the objects of the checkout. They are used only to keep local work. */
  readonly objects: string;
}

/**
 * Brings a checkout to the declared revision. Every file comes from root's copy of the commit or from the declared
 * remote, and its hash is verified. Local work is kept on a branch. Files of the agent that the revision does not track
 * are not touched. git runs as the agent's user, and reads no configuration of the checkout.
 *
 * A reset that is killed changes nothing before all objects are on the disk. Afterwards, the next reset completes it.
 *
 * @throws MusterError if the reset is refused or fails
 */
export function resetCheckout(host: Host, item: CheckoutItem, account: Account): CheckoutState {
  const { folder } = item;
  const work = `${folder}/${WORK}`;
  const reset: Reset = {
    ...{ host, item, account, work, objects: `${folder}/.git/objects` },
    git: gitFor(host, account, work, folder),
  };
  asUser(account, () => prepare(folder, work));
  try {
    return run(reset);
  } finally {
    asUser(account, () => rmSync(work, { recursive: true, force: true }));
  }
}

/** Makes the folders of the checkout. An entry that is not a git folder is moved aside. */
function prepare(folder: string, work: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const path of [".git", ".git/objects", ".git/objects/pack", ".git/refs", ".git/refs/heads"]) {
    const full = `${folder}/${path}`;
    const isLink = statOf(full)?.isSymbolicLink() ?? false;
    if (isLink || (statOf(full) !== undefined && !isFolder(full)))
      renameSync(full, `${full}.muster-aside-${compactTime()}`);
    mkdirSync(full, { recursive: true });
  }
  const attributes = statOf(`${folder}/.gitattributes`);
  if (attributes !== undefined && !attributes.isFile())
    renameSync(`${folder}/.gitattributes`, `${folder}/.gitattributes.muster-aside-${compactTime()}`);
  rmSync(work, { recursive: true, force: true });
  makeSettings(work);
}

function run(reset: Reset): CheckoutState {
  const { host, item, account, git } = reset;
  const { folder, want } = item;
  const state = readState(host, folder);
  fetchCommit(host, git, { ...item, work: reset.work, account });
  refuseTracked(reset);
  git(["read-tree", want.revision]);
  refresh(reset);
  const found = compare(reset);
  const kept = keepLocalWork(reset, state, found);
  refuseFullDisk(reset, found);
  const own = asUser(account, () => readOwnFiles(item));
  writeState(host, { ...state, ...kept, resetting: want.revision });
  asUser(account, () => addObjects(reset));
  try {
    asUser(account, () => found.toDelete.forEach((path) => void deleteTracked(folder, path)));
    if (found.toWrite.length > 0)
      git(["checkout-index", "-f", "-q", "-z", "--stdin"], { input: found.toWrite.join("\0"), timeout: 240 });
    verify(reset);
  } finally {
    // Nothing of the agent's own files may be lost, whatever git has done.
    asUser(account, () => writeOwnFiles(item, own));
  }
  return finish(reset, { ...state, ...kept }, [...found.toWrite, ...found.toDelete]);
}

/** Refuses a revision that tracks a file of the identity, because every reset would overwrite the file. */
function refuseTracked({ git, item: { keep, from, want } }: Reset): void {
  const tracked = filesOf(git, want.revision);
  const [path] = linesOf(keep).filter((one) =>
    tracked.some((other) => other === one || one.startsWith(`${other}/`) || other.startsWith(`${one}/`)),
  );
  if (path === undefined) return;
  throw new MusterError({
    what: path,
    why: `the revision ${want.revision.slice(0, 12)} of ${from} tracks this file of the agent, so every reset would overwrite it. Nothing was changed.`,
    next: `In the repository, run \`git rm --cached ${path} && echo /${path} >>.gitignore\`, commit, and declare the new revision.`,
  });
}

function filesOf(git: Git, revision: string): string[] {
  return git(["ls-tree", "-r", "-z", "--full-tree", "--name-only", revision]).split("\0").filter(Boolean);
}

function compare(reset: Reset): Differences {
  const { git, work, item, account } = reset;
  const former = formerIndex(reset);
  const lists = {
    wanted: filesIn(git, `${work}/index`),
    differing: [...filesIn(git, `${work}/index`, "--modified")],
    former: former === undefined ? new Set<string>() : filesIn(git, former),
    changed: former === undefined ? new Set<string>() : filesIn(git, former, "--modified"),
    keep: new Set(linesOf(item.keep)),
  };
  return asUser(account, () => differences(item.folder, lists));
}

/**
 * Returns the path of the index of the former revision: a copy of root's index or, before the first reset, an index of
 * the commit that is checked out; undefined if no commit is checked out.
 */
function formerIndex({ host, git, work, objects, item: { folder }, account }: Reset): string | undefined {
  const path = `${work}/former-index`;
  const bytes = readIndex(host, folder);
  if (bytes !== undefined) {
    asUser(account, () => replaceAgentFile(path, bytes));
    return path;
  }
  const head = asUser(account, () => readHead(folder));
  if (head === undefined) return undefined;
  const options = { index: path, alternate: objects };
  return git.attempt(["read-tree", head], options).status === 0 ? path : undefined;
}

/** Keeps local commits and changed files on a new branch. */
function keepLocalWork(
  { git, work, objects, item, account }: Reset,
  { revision }: CheckoutState,
  { local }: Differences,
): Pick<CheckoutState, "kept"> {
  const { folder, want } = item;
  const head = asUser(account, () => readHead(folder));
  const parent = head !== undefined && isCommit(git, head, objects) ? head : undefined;
  const isKnown =
    parent === undefined ||
    [revision, want.revision].includes(parent) ||
    isAncestor(git, parent, want.revision, objects);
  if (local.length === 0 && isKnown) return {};
  const places = { index: `${work}/kept-index`, alternate: objects };
  const commit =
    local.length === 0 && parent !== undefined ? parent : commitLocalWork(git, local, parent, places);
  return asUser(account, () => {
    addObjects({ work, objects });
    const branch = writeBranch(folder, `muster-kept-${compactTime()}`, commit);
    return { kept: { branch, at: new Date().toISOString() } };
  });
}

function refuseFullDisk({ git, item: { folder, want }, account }: Reset, { toWrite }: Differences): void {
  const written = new Set(toWrite);
  const bytes = git(["ls-tree", "-r", "-l", "-z", "--full-tree", want.revision])
    .split("\0")
    .map((line) => /^\S+ blob \S+ +(\d+)\t(.*)$/s.exec(line))
    .reduce((sum, match) => sum + (written.has(match?.[2] ?? "") ? Number(match?.[1]) : 0), 0);
  const { bavail, bsize } = asUser(account, () => statfsSync(folder));
  if (bavail * bsize >= bytes + RESERVE) return;
  const why = `the disk has ${Math.floor((bavail * bsize) / 1e6)} MB free, and the revision needs ${Math.ceil((bytes + RESERVE) / 1e6)} MB. Nothing was changed.`;
  throw new MusterError({ what: folder, why, next: "Free space on the disk, and try again." });
}

/** Reads all files of the identity into memory before the reset. */
function readOwnFiles({ folder, keep }: CheckoutItem): ReadonlyMap<string, Buffer> {
  const files = linesOf(keep).map((path) => [path, readAgentFile(`${folder}/${path}`)] as const);
  return new Map(files.flatMap(([path, bytes]) => (bytes === undefined ? [] : [[path, bytes] as const])));
}

/** Writes the files of the identity that the reset has changed, although it must not change them. */
function writeOwnFiles({ folder }: CheckoutItem, own: ReadonlyMap<string, Buffer>): void {
  for (const [path, bytes] of own)
    if (readAgentFile(`${folder}/${path}`)?.equals(bytes) !== true)
      replaceAgentFile(`${folder}/${path}`, bytes);
}

/** Adds the new objects to the checkout, so that the agent's git has them. */
function addObjects({ work, objects }: Pick<Reset, "work" | "objects">): void {
  for (const folder of readdirSync(`${work}/objects`)) {
    if (folder === "info") continue;
    const files = readdirSync(`${work}/objects/${folder}`);
    mkdirSync(`${objects}/${folder}`, { recursive: true });
    // git finds a pack by its index, so the pack must be there first.
    for (const file of files.toSorted((a, b) => Number(a.endsWith(".idx")) - Number(b.endsWith(".idx")))) {
      rmSync(`${objects}/${folder}/${file}`, { recursive: true, force: true });
      linkSync(`${work}/objects/${folder}/${file}`, `${objects}/${folder}/${file}`);
    }
  }
}

function deleteTracked(folder: string, path: string): void {
  unlinkSync(`${folder}/${path}`);
  try {
    for (let above = dirname(path); above !== "."; above = dirname(above)) rmdirSync(`${folder}/${above}`);
  } catch {
    // The folder has other files, which belong to the agent.
  }
}

/**
 * Computes the hashes of all files. Fails if git does not end, for example because it reads a FIFO: the other agents of
 * the host must not wait for it again and again.
 */
function refresh({ git, item: { folder } }: Reset): void {
  if (git.attempt(["update-index", "-q", "--refresh"]).status !== null) return;
  throw new MusterError({
    what: folder,
    why: "git has not read its files within a minute.",
    next: "Find a .gitattributes in it that is not a regular file, and remove it.",
  });
}

function verify(reset: Reset): void {
  const { git, work } = reset;
  refresh(reset);
  const [path, ...others] = filesIn(git, `${work}/index`, "--modified");
  if (path === undefined) return;
  const why = `${path}${others.length === 0 ? " differs" : ` and ${others.length} more differ`} from the revision after the reset.`;
  throw new MusterError({ what: "the reset is not complete", why, next: "Run it again." });
}

function finish({ host, git, work, item, account }: Reset, state: CheckoutState, changed: readonly string[]) {
  const { folder, want } = item;
  const index = asUser(account, () => {
    const bytes = readAgentFile(`${work}/index`, 256 * 1024 * 1024) ?? Buffer.alloc(0);
    writeHead(folder, want.revision);
    replaceAgentFile(`${folder}/.git/index`, bytes);
    if (remotesOf(git, configText(folder)) !== want.remote || configText(folder) === undefined)
      writeConfig(folder, git, want.remote);
    return bytes;
  });
  storeIndex(host, folder, index);
  const { resetting: _, trial: __, failed, ...rest } = state;
  const previous = state.revision === want.revision ? state.previous : state.revision;
  const next: CheckoutState = {
    ...rest,
    revision: want.revision,
    ...(previous !== undefined && { previous }),
    ...(failed !== undefined && failed.revision !== want.revision && { failed }),
  };
  changedPaths.set(folder, changed);
  writeState(host, next);
  return next;
}

export function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
