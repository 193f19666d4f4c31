import { closeSync, constants, fstatSync, openSync, readdirSync, readSync } from "node:fs";
import { labelOf } from "../../model/agent-parts.ts";
import { parseEnvironmentLine } from "../../model/environment-line.ts";
import type { HostRecord } from "../../model/host-record.ts";
import type { DirectoryItem, HostItem } from "../../model/items.ts";
import { agentOf } from "../../model/resource-id.ts";
import { shown } from "../../model/shorten-for-display.ts";
import { KEY_COPY, type Unmanaged } from "../../model/unmanaged.ts";
import { asUser } from "../accounts/as-user.ts";
import type { Account, Accounts } from "../accounts/read-accounts.ts";
import type { Host } from "../context.ts";
import { isSecretItem } from "../store/secret-hasher.ts";
import { readOwn } from "../store/state-files.ts";

/** The limits of the search in one home. The search begins with the runtimes' own folders, such as `.codex`. */
export const SEARCH = {
  files: 4000,
  bytes: 32 * 1024 * 1024,
  fileBytes: 2 * 1024 * 1024,
  milliseconds: 1500,
};

/** The minimum length of a value that is searched. A shorter value would often be found by chance. */
const SHORTEST = 12;

/** The maximum number of copies that are reported for one agent. */
const MOST = 20;

/** Folders that contain only downloaded files. */
const SKIPPED: ReadonlySet<string> = new Set(["node_modules", ".git", ".npm", "site-packages"]);

/** A value for which an agent's home is searched. */
interface Needle {
  readonly credential: string;
  readonly value: Buffer;
}

/**
 * Finds copies of agents' credentials in the agents' homes, such as a snapshot of the shell with all variables. The
 * files are read with the agent's rights, and no value is returned.
 *
 * @param users the users whose homes are searched
 */
export function findKeyCopies(
  host: Host,
  accounts: Accounts,
  users: ReadonlySet<string>,
  records: readonly HostRecord[],
): Unmanaged[] {
  return records.flatMap(({ id, items }) => {
    const home = Object.values(items).find(isHome);
    const account = home && accounts.users.get(home.want.owner);
    if (agentOf(id) === undefined || home === undefined || account === undefined || !users.has(account.name))
      return [];
    const needles = needlesIn(host, items);
    return needles.length === 0 ? [] : copiesIn(home.path, account, needles);
  });
}

function isHome(item: HostItem): item is DirectoryItem {
  return item.kind === "directory" && (item.onRemove === "aside" || item.onRemove === "wipe");
}

function needlesIn(host: Host, items: HostRecord["items"]): Needle[] {
  return Object.entries(items).flatMap(([name, item]): Needle[] => {
    if (!isSecretItem(item) || item.write !== undefined || !item.path.startsWith(`${host.paths.state}/`))
      return [];
    const text = readIfFile(item.path);
    const value = item.envName === undefined ? longestLine(text) : parseEnvironmentLine(text);
    return value.length < SHORTEST ? [] : [{ credential: labelOf(name), value: Buffer.from(value) }];
  });
}

/** Returns the text of a file; empty if there is none or something else is at its path, which is drift of its own. */
function readIfFile(path: string): string {
  try {
    return readOwn(path)?.toString("utf8") ?? "";
  } catch {
    return "";
  }
}

/** Returns the longest line. The first line of a private key, for example, is the same in all private keys. */
function longestLine(text: string): string {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  return lines.reduce((longest, line) => (line.length > longest.length ? line : longest), "");
}

function copiesIn(home: string, account: Account, needles: readonly Needle[]): Unmanaged[] {
  return asUser(account, () => {
    const deadline = Date.now() + SEARCH.milliseconds;
    const found: Unmanaged[] = [];
    let [files, bytes] = [0, 0];
    for (const path of filesBelow(home)) {
      if (files >= SEARCH.files || bytes >= SEARCH.bytes || found.length >= MOST || Date.now() > deadline)
        break;
      files += 1;
      const content = readFile(path);
      bytes += content.length;
      for (const { credential, value } of needles)
        if (content.includes(value))
          found.push({ kind: KEY_COPY, user: account.name, name: credential, where: shown(path) });
    }
    return found;
  });
}

/** Yields the paths of the files below a folder: near files first, and hidden folders first. Follows no links. */
function* filesBelow(top: string): Generator<string> {
  const open = [top];
  for (let folder = open.shift(); folder !== undefined; folder = open.shift()) {
    for (const entry of entriesOf(folder)) {
      const path = `${folder}/${entry.name}`;
      if (entry.isFile()) yield path;
      else if (entry.isDirectory() && !SKIPPED.has(entry.name)) open.push(path);
    }
  }
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return [];
  }
}

/** Reads the start of a file; nothing if it cannot be read, for example because it was removed in the meantime. */
function readFile(path: string): Buffer {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    const fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      const stats = fstatSync(fd);
      if (!stats.isFile()) return Buffer.alloc(0);
      const buffer = Buffer.alloc(Math.min(stats.size, SEARCH.fileBytes));
      return buffer.subarray(0, readSync(fd, buffer, 0, buffer.length, 0));
    } finally {
      closeSync(fd);
    }
  } catch {
    return Buffer.alloc(0);
  }
}
