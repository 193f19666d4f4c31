import { MusterError } from "../../base/errors.ts";
import { digestOf, secretDigest } from "../../model/digest.ts";
import { AS_DECLARED, DIFFERENT, type FileItem, type Observation, type Props } from "../../model/items.ts";
import { lineDetail } from "../../model/line-diff.ts";
import { accountOf } from "../accounts/accounts.ts";
import { asUser } from "../accounts/as-user.ts";
import { readEntry } from "../fs/read.ts";
import { split, withEntry, withFolder, withPathItem } from "../fs/walk.ts";
import { makeParentFolders, replaceFile, setAttributes } from "../fs/write.ts";
import type { RequestContext } from "../request-context.ts";
import { isSecretItem } from "../store/secret-hasher.ts";
import { attributesOf, differs, propsOf } from "./file-attributes.ts";
import type { ItemState, Kind } from "./kind.ts";
import { observeAsUsers } from "./observe-as-user.ts";
import { removePathItem } from "./remove-path-item.ts";

type File = ItemState<FileItem>;

export const file: Kind<FileItem> = {
  observe: (context, targets) => observeAsUsers(context, targets, (target) => observeFile(context, target)),
  converge,
  remove: (context, { item }) => removePathItem(context, item),
};

function observeFile(context: RequestContext, target: File): Observation {
  return withPathItem(target.item.path, (entry) => {
    if (entry === undefined) return { props: { type: "absent" } };
    const props = propsOf(context.accounts, entry.stats);
    if (props.type !== "file") return { props };
    const bytes = readEntry(entry);
    if (bytes === undefined) return { props: { ...props, content: "too large" } };
    if (isSecretItem(target.item)) return { props: { ...props, ...secretProps(context, target, bytes) } };
    const content = digestOf(bytes);
    const detail = content === target.item.want.content ? [] : contentDetail(context, target, bytes);
    return { props: { ...props, content }, ...(detail.length > 0 && { detail }) };
  });
}

/**
 * Returns what may be reported about a secret: whether its bytes match the request or the record, and a seal.
 * The seal lets a client recognize the same bytes later. It differs from the hash in the record, which never
 * leaves the host.
 */
function secretProps(context: RequestContext, { item, applied, intended }: File, bytes: Buffer): Props {
  const digest = secretDigest(item.path, bytes);
  const seal = context.hashSecret(`seen ${digest}`).replace(/^hmac:/, "");
  if (digest === item.want.content) return { content: digest, seal };
  const isKnown = [applied?.["content"], intended?.["content"]].includes(context.hashSecret(digest));
  return { content: isKnown ? AS_DECLARED : DIFFERENT, seal };
}

function contentDetail(context: RequestContext, { item }: File, bytes: Buffer) {
  const declared = context.contents(item.want.content);
  return declared === undefined ? [] : lineDetail(declared, bytes.toString("utf8"));
}

function converge(context: RequestContext, target: File, observed: Props): void {
  const { item } = target;
  const attributes = attributesOf(context.accounts, item.want);
  const account = item.actor === undefined ? undefined : accountOf(context.accounts, item.actor);
  // An actor cannot take over another user's file, but can replace that file with a new one.
  const foreign = account !== undefined && differs(item.want, observed, "owner");
  const bytes =
    differs(item.want, observed, "type", "content") || foreign ? bytesOf(context, target) : undefined;
  const { parent, name } = split(item.path);
  const make = account === undefined ? makeParentFolders(0o755, false) : makeParentFolders(0o700, true);
  asUser(account, () =>
    withFolder(
      parent,
      (folder) => {
        if (bytes !== undefined) return replaceFile(folder, name, bytes, attributes);
        withEntry(folder, name, (entry) => {
          if (!entry?.stats.isFile() || entry.stats.nlink !== 1) throw changedMeanwhile(item.path);
          setAttributes(entry.handle, attributes);
        });
      },
      make,
    ),
  );
}

function bytesOf(context: RequestContext, { item, secret }: File): Buffer {
  const text = isSecretItem(item) ? secret : context.contents(item.want.content);
  if (text !== undefined) return Buffer.from(text);
  const why = isSecretItem(item)
    ? "its value was not sent"
    : `${item.want.content} is not stored on this host`;
  throw new MusterError({ what: item.path, why });
}

function changedMeanwhile(path: string): MusterError {
  return new MusterError({ what: path, why: "it was changed while it was being observed" });
}
