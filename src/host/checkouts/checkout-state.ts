import { chmodSync, closeSync, constants, existsSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { MusterError } from "../../base/errors.ts";
import type { Host } from "../context.ts";
import { readOwn, writeOwn } from "../store/state-files.ts";
import { hasCode } from "../system/error-reason.ts";
import { listFolder } from "../system/read-if-present.ts";

/** What root knows about a checkout. Nothing of it comes from the folder of the agent. */
export interface CheckoutState {
  /** The path of the checkout. */
  readonly folder: string;
  /** The revision to which the checkout was last reset. The hash of every file was verified. */
  readonly revision?: string;
  /** The revision before it; absent if there was none. */
  readonly previous?: string;
  /** The revision of a reset that has not ended. */
  readonly resetting?: string;
  /** Present until the units that use the checkout are healthy with the new revision. */
  readonly trial?: Trial;
  /** The last revision that was rolled back. */
  readonly failed?: { readonly revision: string; readonly why: string; readonly at: string };
  /** The branch with the latest local work that a reset has kept. */
  readonly kept?: { readonly branch: string; readonly at: string };
}

export interface Trial {
  readonly units: readonly string[];
  /** The time of the reset (UTC, ISO 8601). */
  readonly since: string;
}

/** Reads the state of a checkout. A missing or damaged state is empty. */
export function readState(host: Host, folder: string): CheckoutState {
  try {
    const text = readOwn(`${stateFolder(host, folder)}.json`)?.toString("utf8");
    return text === undefined ? { folder } : { ...(JSON.parse(text) as CheckoutState), folder };
  } catch {
    return { folder };
  }
}

export function writeState(host: Host, state: CheckoutState): void {
  writeOwn(`${stateFolder(host, state.folder)}.json`, `${JSON.stringify(state)}\n`);
}

/** Returns the states of all checkouts on the host. */
export function allStates(host: Host): CheckoutState[] {
  return listFolder(root(host)).flatMap((name) => {
    const folder = /^(.+)\.json$/.exec(name)?.[1];
    return folder === undefined ? [] : [readState(host, folder.replaceAll("~", "/"))];
  });
}

export function forgetState(host: Host, folder: string): void {
  for (const suffix of [".json", ".index"]) rmSync(`${stateFolder(host, folder)}${suffix}`, { force: true });
}

export function renameState(host: Host, from: string, to: string): void {
  const state = readState(host, from);
  if (state.revision === undefined) return;
  try {
    renameSync(indexPath(host, from), indexPath(host, to));
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
  writeState(host, { ...state, folder: to });
  forgetState(host, from);
}

/**
 * Returns the path of root's copy of the index: the path and the hash of every file of the applied revision. The agent
 * cannot change this file.
 */
function indexPath(host: Host, folder: string): string {
  return `${stateFolder(host, folder)}.index`;
}

export function readIndex(host: Host, folder: string): Buffer | undefined {
  return readOwn(indexPath(host, folder));
}

/** Stores root's copy of the index. */
export function storeIndex(host: Host, folder: string, bytes: Uint8Array): void {
  writeOwn(indexPath(host, folder), bytes);
  // The folder above it is root's, so only a process that gets a descriptor can read the file.
  chmodSync(indexPath(host, folder), 0o644);
}

/** Opens root's copy of the index for a process of the agent's user. @returns undefined if there is no copy */
export function openIndex(host: Host, folder: string): number | undefined {
  return openIfThere(indexPath(host, folder));
}

/** Returns the path of root's copy of the objects of a commit. */
export function packPath(host: Host, revision: string): string {
  if (!/^[0-9a-f]{40}$/.test(revision))
    throw new MusterError({
      what: "a revision",
      why: `${JSON.stringify(revision)} is not a full commit hash`,
    });
  return `${host.paths.state}/commits/${revision}.pack`;
}

export function hasPack(host: Host, revision: string): boolean {
  return existsSync(packPath(host, revision));
}

/** Opens root's copy of the objects of a commit; undefined if root has no copy. */
export function openPack(host: Host, revision: string): number | undefined {
  return openIfThere(packPath(host, revision));
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

/**
 * Deletes the objects of commits that no checkout of the host uses. Keeps the objects that arrived within the last day,
 * because another run can be about to use them.
 */
export function sweepPacks(host: Host): void {
  const states = allStates(host);
  const used = new Set(
    states.flatMap(({ revision, previous, resetting }) => [revision, previous, resetting]),
  );
  for (const name of listFolder(`${host.paths.state}/commits`)) {
    const path = `${host.paths.state}/commits/${name}`;
    const isOld = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) > DAY;
    if (isOld && !used.has(name.replace(/\.pack$/, ""))) rmSync(path, { force: true });
  }
}

/** Milliseconds. */
const DAY = 24 * 60 * 60 * 1000;

export function close(fd: number | undefined): void {
  if (fd !== undefined) closeSync(fd);
}

function stateFolder(host: Host, folder: string): string {
  return `${root(host)}/${folder.replaceAll("/", "~")}`;
}

function root({ paths }: Host): string {
  return `${paths.state}/checkouts`;
}
