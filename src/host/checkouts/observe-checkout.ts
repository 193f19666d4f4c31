import { existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import type { CheckoutItem, Observation, Props } from "../../model/items.ts";
import { shown } from "../../model/shorten-for-display.ts";
import { asUser } from "../accounts/as-user.ts";
import type { Account } from "../accounts/read-accounts.ts";
import type { Host } from "../context.ts";
import { statOf } from "./agent-files.ts";
import { close, openIndex, readState } from "./checkout-state.ts";
import { gitFor, makeSettings, names } from "./git.ts";
import { readHead } from "./refs.ts";
import { configText, remotesOf } from "./remotes.ts";

/** Seconds after which git is killed, for example if the agent has replaced a file that git reads with a FIFO. */
const PATIENCE = 10;

/** Observes a checkout, and writes nothing into it. */
export function observeCheckout(host: Host, { folder }: CheckoutItem, account: Account): Observation {
  const found = asUser(account, () => {
    const type = typeOf(folder);
    if (type !== "checkout") return { type };
    const attributes = statOf(`${folder}/.gitattributes`);
    const isStrange = attributes !== undefined && !attributes.isFile();
    return { type, head: readHead(folder), config: configText(folder), isStrange };
  });
  if (!("config" in found)) return { props: { type: found.type } };
  const git = gitFor(host, account, readOnlySettings(host), folder);
  const props: Props = {
    type: "checkout",
    revision: found.head ?? "unreadable",
    // git would read it, and a FIFO would stop git.
    changes: found.isStrange ? ".gitattributes, which is not a file" : changesIn(host, git, folder),
    remote: remotesOf(git, found.config),
  };
  return { props };
}

function typeOf(folder: string): string {
  const stats = statOf(folder);
  if (stats === undefined) return "absent";
  if (!stats.isDirectory()) return "not a folder";
  return statOf(`${folder}/.git`)?.isDirectory() ? "checkout" : "a folder without .git";
}

/**
 * Compares the files with root's copy of the index, so that nothing in the folder `.git` can hide a change. Returns
 * `unchecked` if there is no such copy.
 */
function changesIn(host: Host, git: ReturnType<typeof gitFor>, folder: string): string {
  if (readState(host, folder).resetting !== undefined) return "an unfinished reset";
  const fd = openIndex(host, folder);
  if (fd === undefined) return "unchecked";
  try {
    const options = { index: "/proc/self/fd/3", descriptor: fd, timeout: PATIENCE };
    return changesText([...new Set(names(git(["ls-files", "-z", "--modified"], options)))]);
  } finally {
    close(fd);
  }
}

function changesText(paths: readonly string[]): string {
  if (paths.length === 0) return "none";
  const first = paths.slice(0, 5).map((path) => shown(path, 80));
  return `${first.join(", ")}${paths.length > first.length ? ` and ${paths.length - first.length} more` : ""}`;
}

/** Returns root's git folder in memory, which has the configuration and no objects. Creates it after a boot. */
function readOnlySettings({ paths }: Host): string {
  const folder = `${paths.scratch}/muster-git`;
  if (existsSync(`${folder}/config`)) return folder;
  const fresh = mkdtempSync(`${folder}-`);
  try {
    makeSettings(`${fresh}/git`);
    renameSync(`${fresh}/git`, folder);
  } catch (error) {
    if (!existsSync(`${folder}/config`)) throw error;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return folder;
}
