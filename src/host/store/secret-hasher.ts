import { createHmac, randomBytes } from "node:crypto";
import type { HostRecord } from "../../model/host-record.ts";
import { AS_DECLARED, type FileItem, type HostItem, type Items, type Props } from "../../model/items.ts";
import type { Host } from "../context.ts";
import { withHostLock } from "../system/locks.ts";
import { readOwn, writeOwn } from "./files.ts";

/** Turns a secret's digest into what a record may hold: `hmac:<hex>`, which tells nothing without the host's key. */
export type SecretHasher = (secretDigest: string) => string;

/** The host's own seal. Without a key yet it seals with one that nobody keeps: nothing was ever sealed. */
export function secretHasher(host: Host): SecretHasher {
  let key: Uint8Array | undefined;
  return (digest) => {
    key ??= readOwn(host.paths.key) ?? randomBytes(32);
    return `hmac:${createHmac("sha256", key).update(digest).digest("hex")}`;
  };
}

/**
 * Makes the host's key where there is none; to be called before the first record is written. Of stacks that come to a
 * new host at once, one makes it: what was sealed with another's could never be opened.
 */
export function makeKey(host: Host): void {
  const isMade = () => readOwn(host.paths.key) !== undefined;
  if (isMade()) return;
  withHostLock(host, () => {
    if (!isMade()) writeOwn(host.paths.key, randomBytes(32));
  });
}

/**
 * Wanted properties as a record holds them, with secrets sealed.
 *
 * @param before what was applied; a secret that is to stay as it is keeps its seal from there
 */
export function hashSecrets(
  items: Items,
  seal: SecretHasher,
  before: HostRecord["applied"] = {},
): HostRecord["applied"] & {} {
  return mapItems(items, (item, name) => {
    if (!isSecretItem(item)) return item.want as Props;
    const { content } = item.want;
    const sealed = content === AS_DECLARED ? before[name]?.["content"] : seal(content);
    return { ...item.want, content: sealed ?? AS_DECLARED };
  });
}

/** Items as a record holds them: of a secret not even the digest, which could be guessed at. */
export function withoutDigests(items: Items): Items {
  return mapItems(items, (item) =>
    isSecretItem(item) ? { ...item, want: { ...item.want, content: AS_DECLARED } } : item,
  );
}

/**
 * A record as it may leave the host. Of a secret it says the digest that is asked about, where that is
 * the one that was applied, and otherwise AS_DECLARED; never a hash.
 *
 * @param items the items as the asker declares them
 */
export function openRecord(record: HostRecord, items: Items, seal: SecretHasher): HostRecord {
  const open = (wants: Readonly<Record<string, Props>>) =>
    mapItems(wants, (props, name) => openWant(props, items[name], seal));
  return {
    ...record,
    ...(record.applied && { applied: open(record.applied) }),
    ...(record.intended && { intended: open(record.intended) }),
  };
}

function openWant(props: Props, item: Items[string] | undefined, seal: SecretHasher): Props {
  const content = props["content"];
  if (typeof content !== "string" || !content.startsWith("hmac:")) return props;
  const asked = item !== undefined && isSecretItem(item) ? item.want.content : AS_DECLARED;
  return { ...props, content: asked !== AS_DECLARED && seal(asked) === content ? asked : AS_DECLARED };
}

/** Whether an item is a file whose value no record and no answer may hold. */
export function isSecretItem(item: HostItem): item is FileItem & { readonly secret: string } {
  return item.kind === "file" && item.secret !== undefined;
}

function mapItems<T, U>(items: Readonly<Record<string, T>>, change: (item: T, name: string) => U) {
  return Object.fromEntries(Object.entries(items).map(([name, item]) => [name, change(item, name)]));
}
