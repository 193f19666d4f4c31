import { rmSync } from "node:fs";
import { join } from "node:path";
import { labelOf } from "../../model/agent-parts.ts";
import type { FormerKey } from "../../model/former-key.ts";
import type { HostRecord } from "../../model/host-record.ts";
import { agentOf } from "../../model/resource-id.ts";
import type { Host } from "../context.ts";
import { listFolder } from "../system/read-if-present.ts";
import { isSecretItem } from "./secret-hasher.ts";
import { readOwn, writeOwn } from "./state-files.ts";

/** A former key, with the data by which the host recognizes it in the environment of a process. */
export interface RecordedKey extends FormerKey {
  readonly variable: string;
  /** The path of the credential's file, which is the salt of the hash. */
  readonly path: string;
  /** The hash of the former file's text with the host's key. */
  readonly hash: string;
}

/** The maximum number of former keys that are remembered for one agent. */
const MOST = 20;

/** Returns the former keys of an agent, the oldest first; an empty list if there are none. */
export function readFormerKeys(host: Host, agent: string): RecordedKey[] {
  try {
    const value: unknown = JSON.parse(readOwn(fileOf(host, agent))?.toString("utf8") ?? "[]");
    return Array.isArray(value) ? (value as RecordedKey[]) : [];
  } catch {
    return [];
  }
}

/** Replaces the former keys of an agent. */
export function writeFormerKeys(host: Host, agent: string, keys: readonly RecordedKey[]): void {
  if (keys.length === 0) rmSync(fileOf(host, agent), { force: true });
  else writeOwn(fileOf(host, agent), `${JSON.stringify(keys.slice(-MOST))}\n`);
}

/** Returns the names of the agents with former keys. */
export function agentsWithFormerKeys(host: Host): string[] {
  return listFolder(folderOf(host)).flatMap((name) => /^([a-z0-9-]+)\.json$/.exec(name)?.[1] ?? []);
}

/**
 * Remembers the values of an agent's credentials that a change replaces or removes. Only values in environment variables
 * are remembered, because an agent reads a file again when it needs it.
 */
export function noteFormerKeys(host: Host, before: HostRecord | undefined, after: HostRecord): void {
  const agent = agentOf(after.id);
  if (before === undefined || agent === undefined) return;
  const since = new Date().toISOString();
  const replaced = Object.entries(before.items).flatMap(([name, item]): RecordedKey[] => {
    const hash = before.applied?.[name]?.["content"];
    if (!isSecretItem(item) || item.envName === undefined || typeof hash !== "string") return [];
    if (!hash.startsWith("hmac:") || after.applied?.[name]?.["content"] === hash) return [];
    return [{ credential: labelOf(name), since, variable: item.envName, path: item.path, hash }];
  });
  if (replaced.length === 0) return;
  const known = readFormerKeys(host, agent);
  const isNew = (one: RecordedKey) =>
    !known.some(({ hash, unused }) => hash === one.hash && unused === undefined);
  writeFormerKeys(host, agent, [...known, ...replaced.filter(isNew)]);
}

function folderOf({ paths }: Host): string {
  return join(paths.hostd, "former-keys");
}

function fileOf(host: Host, agent: string): string {
  return join(folderOf(host), `${agent}.json`);
}
