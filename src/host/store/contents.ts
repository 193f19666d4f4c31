import { rmSync } from "node:fs";
import { MusterError } from "../../base/errors.ts";
import { digestOf } from "../../model/digest.ts";
import type { HostRecord } from "../../model/host-record.ts";
import type { Contents, Digest, HostItem, Items } from "../../model/items.ts";
import { asRoot } from "../accounts/as-user.ts";
import type { Host } from "../context.ts";
import { listFolder } from "../system/read-if-present.ts";
import { readOwn, writeOwn } from "./state-files.ts";

/**
 * Returns the text with a given digest, from the request or from this host's store;
 * undefined if neither contains the text.
 */
export type ContentSource = (digest: string) => string | undefined;

export function contentSource(host: Host, sent: Contents = {}): ContentSource {
  return (digest) => (isDigest(digest) ? (sent[digest] ?? keptBytes(host, digest)) : undefined);
}

function keptBytes(host: Host, digest: Digest): string | undefined {
  const mayHave = host.gate?.holds(digest) ?? true;
  // The contents may be needed while an item is observed with the rights of its actor.
  return mayHave ? asRoot(() => readOwn(pathOf(host, digest)))?.toString("utf8") : undefined;
}

/**
 * Stores the bytes that items declare, so that clients do not have to send these bytes again for repairs and
 * comparisons.
 */
export function storeContents(host: Host, items: Items, sent: Contents): void {
  for (const digest of digestsOf(items)) {
    const text = sent[digest];
    if (text === undefined || readOwn(pathOf(host, digest)) !== undefined) continue;
    if (digestOf(text) !== digest) throw digestMismatch(digest);
    writeOwn(pathOf(host, digest), text);
  }
}

/** Deletes all stored bytes that no record on the host refers to. */
export function sweepContents(host: Host, records: readonly HostRecord[]): void {
  const used = new Set(JSON.stringify(records).match(/(?<=sha256:)[0-9a-f]{64}/g));
  for (const name of listFolder(host.paths.contents)) {
    if (!used.has(name)) rmSync(`${host.paths.contents}/${name}`, { force: true });
  }
}

function digestsOf(items: Items): Digest[] {
  return Object.values(items).flatMap((item) => wantedBytes(item) ?? []);
}

/** Returns the digest of a file's content or a table's rows; undefined for secrets and all other items. */
export function wantedBytes(item: HostItem): Digest | undefined {
  const digest = item.kind === "file" ? item.want.content : item.kind === "rows" ? item.want.rows : undefined;
  return isDigest(digest) ? digest : undefined;
}

function isDigest(text: string | undefined): text is Digest {
  return /^sha256:[0-9a-f]{64}$/.test(text ?? "");
}

function pathOf(host: Host, digest: Digest): string {
  return `${host.paths.contents}/${digest.slice("sha256:".length)}`;
}

function digestMismatch(digest: string): MusterError {
  return new MusterError({ what: `the bytes of ${digest}`, why: "they do not match their digest" });
}
