import { MusterError } from "../../base/errors.ts";
import { digestOf, secretDigest } from "../../model/digest.ts";
import { agentOfUnit } from "../../model/host-paths.ts";
import { AS_DECLARED, DIFFERENT, type FileItem, type Observation, type Props } from "../../model/items.ts";
import { lineDetail } from "../../model/line-diff.ts";
import { asRoot, asUser } from "../accounts/as-user.ts";
import { type Account, accountOf } from "../accounts/read-accounts.ts";
import type { Place } from "../fs/follow-links.ts";
import { type Entry, withEntry } from "../fs/open-without-symlinks.ts";
import { readEntry, typeOf } from "../fs/read.ts";
import { type FileAttributes, replaceFile } from "../fs/write.ts";
import type { RequestContext } from "../request-context.ts";
import { type RecordedKey, readFormerKeys } from "../store/former-keys.ts";
import { keepBytes, moveAside } from "../store/kept-copies.ts";
import { deleteLoginRecord } from "../store/login-records.ts";
import { readRecords } from "../store/records.ts";
import { isSecretItem } from "../store/secret-hasher.ts";
import { observeFormerKeys } from "../units/former-keys-in-use.ts";
import { attributesOf, differs, propsOf, setAttributesAt } from "./file-attributes.ts";
import { findAtPlace, foldersAbove, leadsAway, linkRefusal, withItemPlace } from "./item-place.ts";
import type { ItemState, Kind, OnKept } from "./kind.ts";
import { isKeptLogin, observeLogin, writeLogin } from "./login-file.ts";
import { observeKeys } from "./merged-file/observe-keys.ts";
import { removeKeys, writeKeys } from "./merged-file/write-keys.ts";
import { observeAsUsers } from "./observe-as-user.ts";
import { removePathItem } from "./remove-path-item.ts";

type File = ItemState<FileItem>;

export const file: Kind<FileItem> = {
  observe: (context, targets) =>
    observeAsUsers(context, targets, (target, walker) => observeFile(context, target, walker)),
  converge,
  remove: (context, target) => {
    if (target.item.write === "adopt") deleteLoginRecord(context.host, target.item.path);
    if (target.item.write !== "merge") return removePathItem(context, target.item);
    removeKeys(context, target);
    return [];
  },
  refuse: refuseUnmergeable,
};

/** Refuses a file if its keys cannot be merged, before any item of its resource is written. */
function refuseUnmergeable(context: RequestContext, targets: readonly File[]): void {
  const merged = targets.filter(({ item }) => item.write === "merge");
  for (const [i, observation] of file.observe(context, merged).entries()) {
    if ("unknown" in observation || observation.refusal === undefined) continue;
    throw new MusterError({ what: merged[i]?.item.path ?? "", ...observation.refusal });
  }
}

function observeFile(context: RequestContext, target: File, walker: Account | undefined): Observation {
  const found = findAtPlace(context, target.item, walker, (entry, place) => ({
    ...observeEntry(context, target, entry),
    ...leadsAway(context, target.item, walker, place),
  }));
  return "refusal" in found ? { props: { type: "symlink" }, refusal: found.refusal } : found.value;
}

function observeEntry(context: RequestContext, target: File, entry: Entry | undefined): Observation {
  const { item } = target;
  if (entry === undefined) return { props: { type: "absent" } };
  const props = propsOf(context.accounts, entry.stats);
  if (item.write === "once" && AGENTS_TYPES.has(props.type)) return { props: item.want };
  if (props.type !== "file") {
    const refusal = linkRefusal(target, entry);
    return { props, ...(refusal && { refusal }) };
  }
  if (item.write === "merge") return observeKeys(context, target, entry, props);
  const bytes = readEntry(entry);
  if (item.write === "adopt") return observeLogin(context, target, bytes, props);
  if (bytes === undefined) return { props: { ...props, content: "too large" } };
  if (isSecretItem(item))
    return {
      props: { ...props, ...secretProps(context, target, bytes) },
      ...formerKeyWarning(context, item),
    };
  const content = digestOf(bytes);
  const detail = content === item.want.content ? [] : contentDetail(context, target, bytes);
  return { props: { ...props, content }, ...(detail.length > 0 && { detail }) };
}

/** The types of entry with which an agent can replace a file with `write: once`. */
const AGENTS_TYPES: ReadonlySet<string> = new Set(["file", "hard link", "symlink"]);

/**
 * Returns the properties of a secret that can be reported safely: whether its bytes match the request or the record,
 * and a seal. The seal lets a client recognize the same bytes later. The seal differs from the hash in the record,
 * because that hash never leaves the host.
 */
function secretProps(context: RequestContext, { item, applied, intended }: File, bytes: Buffer): Props {
  const digest = secretDigest(item.path, bytes);
  const seal = context.hashSecret(`seen ${digest}`).replace(/^hmac:/, "");
  if (digest === item.want.content) return { content: digest, seal };
  const isKnown = [applied?.["content"], intended?.["content"]].includes(context.hashSecret(digest));
  return { content: isKnown ? AS_DECLARED : DIFFERENT, seal };
}

/** Returns a warning if a process of the agent still has a former value of a secret in its environment. */
function formerKeyWarning(
  { host }: RequestContext,
  { path, notify = "" }: FileItem,
): { readonly warning?: string } {
  const agent = agentOfUnit(notify);
  const isOpen = ({ path: other, unused }: RecordedKey) => other === path && unused === undefined;
  if (agent === undefined || !readFormerKeys(host, agent).some(isOpen)) return {};
  const used = observeFormerKeys(host, agent, readRecords(host)).find(isOpen);
  if (used === undefined) return {};
  return {
    warning: `${agent} still uses the former value of ${used.credential}, which was replaced at ${used.since}; \`npx fleet ps\` shows when no process uses it any more.`,
  };
}

function contentDetail(context: RequestContext, { item }: File, bytes: Buffer) {
  const declared = context.contents(item.want.content);
  return declared === undefined ? [] : lineDetail(declared, bytes.toString("utf8"));
}

function converge(context: RequestContext, target: File, observed: Props, onKept: OnKept): void {
  const { item } = target;
  const attributes = attributesOf(context.accounts, item.want);
  const account = item.actor === undefined ? undefined : accountOf(context.accounts, item.actor);
  // An actor cannot take over another user's file, but can replace that file with a new one.
  const foreign = account !== undefined && differs(item.want, observed, "owner");
  const isRewritten = differs(item.want, observed, "type", "content") || foreign;
  const bytes = isRewritten ? bytesOf(context, target) : undefined;
  const apply = (place: Place) => {
    if (bytes === undefined) return setAttributesAt(place, item, attributes);
    const keepOld = () => keepOldFile(context, target, place, onKept);
    if (item.write === "merge") return writeKeys(context, target, place, attributes, keepOld, onKept);
    if (item.write === "adopt")
      return applyLogin(context, target, observed, place, bytes, attributes, keepOld);
    replaceFile(place.folder, place.name, bytes, attributes, keepOld);
  };
  asUser(account, () => withItemPlace(context, item, account, apply, foldersAbove(context, item, onKept)));
}

function applyLogin(
  context: RequestContext,
  target: File,
  observed: Props,
  place: Place,
  bytes: Buffer,
  attributes: FileAttributes,
  keepOld: () => void,
): void {
  const { folder, name } = place;
  const isFile = observed["type"] === "file";
  const before = withEntry(folder, name, (entry) =>
    isFile && entry ? asRoot(() => readEntry(entry)) : undefined,
  );
  const write = () => replaceFile(folder, name, bytes, attributes, keepOld);
  writeLogin(context, target, observed, before, write);
  if (isKeptLogin(target.item, observed)) setAttributesAt(place, target.item, attributes);
}

/**
 * Keeps a copy of the entry that a file replaces, unless Muster wrote it. @throws MusterError if the entry is a link
 */
function keepOldFile(context: RequestContext, target: File, place: Place, onKept: OnKept): void {
  withEntry(place.folder, place.name, (entry) => {
    if (entry === undefined) return;
    const refusal = linkRefusal(target, entry);
    if (refusal !== undefined) throw new MusterError({ what: target.item.path, ...refusal });
    const type = typeOf(entry.stats);
    if (type === "hard link") return;
    if (type === "file") keepText(context, target, place, entry, onKept);
    else moveAside(context.host, place, onKept);
  });
}

/** Keeps the text of a file that an agent or a person wrote. A former secret is not kept. */
function keepText(
  context: RequestContext,
  { item, applied, intended }: File,
  place: Place,
  entry: Entry,
  onKept: OnKept,
): void {
  if (isSecretItem(item) || entry.stats.size === 0) return;
  const bytes = asRoot(() => readEntry(entry));
  const ours = [item.want.content, applied?.["content"], intended?.["content"]];
  if (bytes === undefined) moveAside(context.host, place, onKept);
  else if (!ours.includes(digestOf(bytes))) onKept(keepBytes(context.host, place.path, bytes));
}

function bytesOf(context: RequestContext, { item, secret }: File): Buffer {
  const text = isSecretItem(item) ? secret : context.contents(item.want.content);
  if (text !== undefined) return Buffer.from(text);
  const why = isSecretItem(item)
    ? "its value was not sent"
    : `${item.want.content} is not stored on this host`;
  throw new MusterError({ what: item.path, why });
}
