import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { MusterError } from "../../base/errors.ts";
import type { CheckoutItem } from "../../model/items.ts";
import { isRemote } from "../../model/repository.ts";
import { asRoot, asUser } from "../accounts/as-user.ts";
import type { Account } from "../accounts/read-accounts.ts";
import type { Host } from "../context.ts";
import { close, openPack, packPath } from "./checkout-state.ts";
import type { Git } from "./git.ts";

/** Seconds within which git must have fetched or unpacked the objects of a commit. */
const PATIENCE = 240;

/** The maximum size in bytes of root's copy of the objects of a commit. */
const MOST = 1024 * 1024 * 1024;

/** Where the objects come from, and where git puts them. */
export interface Source extends Pick<CheckoutItem, "from" | "want"> {
  readonly work: string;
  readonly account: Account;
}

/**
 * Puts the objects of the declared commit into git's folder: from root's copy, or from the remote if root has no copy.
 * git computes the hash of every object, so neither of them can contain anything else under the hash of the commit.
 */
export function fetchCommit(host: Host, git: Git, { from, want: { revision }, work, account }: Source): void {
  const pack = openPack(host, revision);
  try {
    if (pack !== undefined) git(["index-pack", "--stdin"], { stdin: pack, timeout: PATIENCE });
    else if (isRemote(from)) fetchFrom(git, from, revision);
    else throw notSent(revision, from);
  } finally {
    close(pack);
  }
  if (git.attempt(["cat-file", "-t", revision]).stdout.trim() !== "commit")
    throw new MusterError({
      what: `${from} has no commit ${revision}`,
      why: "the objects do not contain it.",
    });
  if (pack === undefined) keepPack(host, revision, work, account);
}

/** Fetches one commit or, if the server allows only branches and tags, all of them. */
function fetchFrom(git: Git, url: string, revision: string): void {
  const args = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"];
  if (git.attempt([...args, url, revision], { timeout: PATIENCE }).status === 0) return;
  git([...args, url, "+refs/heads/*:refs/fetched/*", "+refs/tags/*:refs/fetched-tags/*"], {
    timeout: PATIENCE,
  });
}

/** Keeps root's copy of the fetched objects, so that the checkout can be repaired while the remote is unreachable. */
function keepPack(host: Host, revision: string, work: string, account: Account): void {
  asUser(account, () => {
    const [name, ...others] = readdirSync(`${work}/objects/pack`).filter((one) => one.endsWith(".pack"));
    if (name === undefined || others.length > 0) return;
    const fd = openSync(
      `${work}/objects/pack/${name}`,
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    );
    try {
      const stats = fstatSync(fd);
      if (stats.isFile() && stats.size <= MOST) asRoot(() => copyTo(fd, packPath(host, revision)));
    } finally {
      closeSync(fd);
    }
  });
}

function copyTo(from: number, path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  rmSync(`${path}.new`, { force: true });
  const to = openSync(`${path}.new`, "wx", 0o600);
  try {
    const part = Buffer.alloc(1024 * 1024);
    for (let got = readSync(from, part); got > 0; got = readSync(from, part))
      for (let at = 0; at < got; ) at += writeSync(to, part, at, got - at);
  } finally {
    closeSync(to);
  }
  renameSync(`${path}.new`, path);
}

function notSent(revision: string, from: string): MusterError {
  return new MusterError({
    what: `the commit ${revision.slice(0, 12)} of ${from}`,
    why: "its objects are not on this host.",
    next: "Run `npx pulumi up`, which sends them.",
  });
}
