import { rmdirSync, rmSync } from "node:fs";
import { MusterError } from "../../base/errors.ts";
import type { DirectoryItem, Items } from "../../model/items.ts";
import type { MoveMark } from "../../model/move.ts";
import { agentOf } from "../../model/resource-id.ts";
import { type Account, accountOf, readAccounts } from "../accounts/read-accounts.ts";
import type { Host } from "../context.ts";
import { ownsContent } from "../kinds/item-place.ts";
import { readOwn, writeOwn } from "../store/state-files.ts";
import { hasCode } from "../system/error-reason.ts";
import { listFolder } from "../system/read-if-present.ts";

/** Reads the state of an agent's move on this host; undefined if the agent is not moving. */
export function readMark(host: Host, agent: string): MoveMark | undefined {
  const text = readOwn(fileOf(host, agent))?.toString("utf8");
  return text === undefined ? undefined : (JSON.parse(text) as MoveMark);
}

/** Like `readMark`, but for the agent that a resource belongs to. @param id such as `hub/iris/agent` */
export function markOfResource(host: Host, id: string): MoveMark | undefined {
  const agent = agentOf(id);
  return agent === undefined ? undefined : readMark(host, agent);
}

/** Reads the state of every move from or to this host. */
export function readMarks(host: Host): MoveMark[] {
  const agents = listFolder(folderOf(host)).flatMap(
    (name) => /^([a-z][a-z0-9-]*)\.json$/.exec(name)?.[1] ?? [],
  );
  return agents.flatMap((agent) => readMark(host, agent) ?? []);
}

/** Writes the state of a move. The caller must hold the lock of the agent's resource. */
export function writeMark(host: Host, mark: MoveMark): MoveMark {
  writeOwn(fileOf(host, mark.agent), `${JSON.stringify(mark)}\n`);
  return mark;
}

/** Deletes the state of a move; does nothing if there is none. */
export function deleteMark(host: Host, agent: string): void {
  rmSync(fileOf(host, agent), { force: true });
  try {
    rmdirSync(folderOf(host));
  } catch (error) {
    if (!hasCode(error, "ENOENT", "ENOTEMPTY", "EEXIST")) throw error;
  }
}

function folderOf(host: Host): string {
  return `${host.paths.state}/moves`;
}

function fileOf(host: Host, agent: string): string {
  if (!/^[a-z][a-z0-9-]*$/.test(agent)) throw new Error(`${JSON.stringify(agent)} is not an agent's name`);
  return `${folderOf(host)}/${agent}.json`;
}

/** An agent's home, as the agent's resource declares it. */
export interface Home {
  readonly agent: string;
  readonly path: string;
  readonly user: string;
}

/**
 * Finds the home among a resource's items.
 *
 * @param id such as `hub/iris/agent`
 * @throws MusterError if the resource has no home
 */
export function moveHomeOf(id: string, items: Items): Home {
  const agent = agentOf(id);
  const item = Object.values(items).find(
    (one): one is DirectoryItem => one.kind === "directory" && ownsContent(one),
  );
  if (agent !== undefined && item !== undefined) return { agent, path: item.path, user: item.want.owner };
  throw new MusterError({
    what: `${id} cannot move`,
    why: "under `isolation: tenant`, an agent with its tenant's name shares the tenant's home.",
    next: "Rename the agent with `moved`, then move it.",
  });
}

/** Returns the account that reads and writes the home. @throws MusterError if the user does not exist */
export function homeOwner(host: Host, { user }: Home): Account {
  return accountOf(readAccounts(host.paths.etc), user);
}
