import { createHmac, randomBytes } from "node:crypto";
import { appliedWant } from "../../model/as-found.ts";
import type { HostRecord } from "../../model/host-record.ts";
import { AS_DECLARED, type FileItem, type HostItem, type Items, type Props } from "../../model/items.ts";
import type { Host } from "../context.ts";
import { withHostLock } from "../system/locks.ts";
import { readOwn, writeOwn } from "./state-files.ts";

/**
 * Converts a secret's digest to `hmac:<hex>` for a record. Without the host's key, the result
 * reveals nothing about the secret.
 */
export type SecretHasher = (secretDigest: string) => string;

/**
 * Returns a hasher with the host's key. If there is no key yet, the hasher uses a random key. The hashes with
 * a random key match no record.
 */
export function secretHasher(host: Host): SecretHasher {
  let key: Uint8Array | undefined;
  return (digest) => {
    key ??= readOwn(host.paths.key) ?? randomBytes(32);
    return `hmac:${createHmac("sha256", key).update(digest).digest("hex")}`;
  };
}

/**
 * Creates the host's key if it does not exist yet. Must be called before the first record is written. Hashes with
 * different keys cannot be compared, so the lock ensures that only one key is created, even if several stacks
 * start on a new host at the same time.
 */
export function makeKey(host: Host): void {
  const isMade = () => readOwn(host.paths.key) !== undefined;
  if (isMade()) return;
  withHostLock(host, () => {
    if (!isMade()) writeOwn(host.paths.key, randomBytes(32));
  });
}

/**
 * Returns the declared properties as a record stores them, with secrets hashed.
 *
 * @param before the properties that were last applied; they contain the hash of
 * each secret that does not change
 */
export function hashSecrets(
  items: Items,
  hashSecret: SecretHasher,
  before: HostRecord["applied"] = {},
): HostRecord["applied"] & {} {
  return mapItems(items, (item, name) => {
    if (!isSecretItem(item)) return appliedWant(item);
    const { content } = item.want;
    const hash = content === AS_DECLARED ? before[name]?.["content"] : hashSecret(content);
    return { ...item.want, content: hash ?? AS_DECLARED };
  });
}

/** Returns items without the digests of secrets, from which a weak secret could be guessed. */
export function withoutDigests(items: Items): Items {
  return mapItems(items, (item) =>
    isSecretItem(item) ? { ...item, want: { ...item.want, content: AS_DECLARED } } : item,
  );
}

/**
 * Returns a record in the form that is allowed to leave the host, without any hash. Each hash is replaced by
 * the digest that the client declares for the secret if the two match, and by AS_DECLARED otherwise.
 *
 * @param items the items that the client declares
 */
export function openRecord(record: HostRecord, items: Items, hashSecret: SecretHasher): HostRecord {
  const open = (wants: Readonly<Record<string, Props>>) =>
    mapItems(wants, (props, name) => openWant(props, items[name], hashSecret));
  return {
    ...record,
    ...(record.applied && { applied: open(record.applied) }),
    ...(record.intended && { intended: open(record.intended) }),
  };
}

function openWant(props: Props, item: Items[string] | undefined, hashSecret: SecretHasher): Props {
  const content = props["content"];
  if (typeof content !== "string" || !content.startsWith("hmac:")) return props;
  const digest = item !== undefined && isSecretItem(item) ? item.want.content : AS_DECLARED;
  return {
    ...props,
    content: digest !== AS_DECLARED && hashSecret(digest) === content ? digest : AS_DECLARED,
  };
}

/** Whether an item is a file with a secret value, which no record and no response is allowed to contain. */
export function isSecretItem(item: HostItem): item is FileItem & { readonly secret: string } {
  return item.kind === "file" && item.secret !== undefined;
}

function mapItems<T, U>(items: Readonly<Record<string, T>>, change: (item: T, name: string) => U) {
  return Object.fromEntries(Object.entries(items).map(([name, item]) => [name, change(item, name)]));
}
