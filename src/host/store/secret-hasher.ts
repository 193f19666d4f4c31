import { createHmac, randomBytes } from "node:crypto";
import type { HostRecord } from "../../model/host-record.ts";
import { AS_DECLARED, type FileItem, type HostItem, type Items, type Props } from "../../model/items.ts";
import type { Host } from "../context.ts";
import { withHostLock } from "../system/locks.ts";
import { readOwn, writeOwn } from "./files.ts";

/** Turns a secret's digest into what a record may hold: `hmac:<hex>`, which reveals nothing without the host's key. */
export type SecretHasher = (secretDigest: string) => string;

/** Hashes with the host's own key; before there is one, with a random key, because nothing has been hashed yet. */
export function secretHasher(host: Host): SecretHasher {
  let key: Uint8Array | undefined;
  return (digest) => {
    key ??= readOwn(host.paths.key) ?? randomBytes(32);
    return `hmac:${createHmac("sha256", key).update(digest).digest("hex")}`;
  };
}

/**
 * Makes the host's key if there is none; must be called before the first record is written. If several stacks start on a
 * new host at once, one of them makes it: hashes with another key could never be compared.
 */
export function makeKey(host: Host): void {
  const isMade = () => readOwn(host.paths.key) !== undefined;
  if (isMade()) return;
  withHostLock(host, () => {
    if (!isMade()) writeOwn(host.paths.key, randomBytes(32));
  });
}

/**
 * Declared properties as a record holds them, with secrets hashed.
 *
 * @param before what was applied; a secret that should not change keeps its hash from there
 */
export function hashSecrets(
  items: Items,
  hashSecret: SecretHasher,
  before: HostRecord["applied"] = {},
): HostRecord["applied"] & {} {
  return mapItems(items, (item, name) => {
    if (!isSecretItem(item)) return item.want as Props;
    const { content } = item.want;
    const hash = content === AS_DECLARED ? before[name]?.["content"] : hashSecret(content);
    return { ...item.want, content: hash ?? AS_DECLARED };
  });
}

/** Items as a record holds them: without the digests of secrets, which would allow guessing. */
export function withoutDigests(items: Items): Items {
  return mapItems(items, (item) =>
    isSecretItem(item) ? { ...item, want: { ...item.want, content: AS_DECLARED } } : item,
  );
}

/**
 * A record as it may leave the host: never with a hash. For a secret it has the digest that the client declares if that
 * is the one that was applied, and AS_DECLARED otherwise.
 *
 * @param items the items as the client declares them
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
  const asked = item !== undefined && isSecretItem(item) ? item.want.content : AS_DECLARED;
  return { ...props, content: asked !== AS_DECLARED && hashSecret(asked) === content ? asked : AS_DECLARED };
}

/** Whether an item is a file whose value must not be in any record or answer. */
export function isSecretItem(item: HostItem): item is FileItem & { readonly secret: string } {
  return item.kind === "file" && item.secret !== undefined;
}

function mapItems<T, U>(items: Readonly<Record<string, T>>, change: (item: T, name: string) => U) {
  return Object.fromEntries(Object.entries(items).map(([name, item]) => [name, change(item, name)]));
}
