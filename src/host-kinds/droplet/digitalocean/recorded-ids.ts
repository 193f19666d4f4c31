import { existsSync, readFileSync } from "node:fs";
import { RECORDED_IDS, type RecordedId } from "../../../model/recorded-id.ts";

/**
 * The IDs that the engine's state records. A resource belongs to this stack if its ID is recorded. Anybody can change
 * names, descriptions and tags. Muster therefore uses these only to find resources that a killed run has created but
 * not recorded.
 */
export interface RecordedIds {
  /** @param names the current and the former names of the resource */
  find(token: string, names: readonly string[]): RecordedId | undefined;
  /** Returns all resources of a type, including resources with a pending deletion. */
  all(token: string): readonly RecordedId[];
}

/** The type tokens of the vendor's resources whose IDs Muster reads. */
export const TOKENS = {
  droplet: "digitalocean:index/droplet:Droplet",
  firewall: "digitalocean:index/firewall:Firewall",
  key: "digitalocean:index/sshKey:SshKey",
  project: "digitalocean:index/project:Project",
  reservedIp: "digitalocean:index/reservedIp:ReservedIp",
  assignment: "digitalocean:index/reservedIpAssignment:ReservedIpAssignment",
  volume: "digitalocean:index/volume:Volume",
} as const;

export function recordedIds(entries: readonly RecordedId[]): RecordedIds {
  const current = entries.filter(({ isLeaving }) => !isLeaving);
  return {
    find: (token, names) =>
      names.flatMap((name) => current.filter((one) => one.type === token && one.name === name))[0],
    all: (token) => entries.filter(({ type }) => type === token),
  };
}

/** Reads the IDs from the launcher's file. @returns undefined if the launcher has not started the engine */
export function readRecordedIds(env: NodeJS.ProcessEnv): RecordedIds | undefined {
  const file = env[RECORDED_IDS];
  if (!file || !existsSync(file)) return undefined;
  return recordedIds(JSON.parse(readFileSync(file, "utf8")) as RecordedId[]);
}
