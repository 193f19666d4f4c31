import { MusterError } from "../../base/errors.ts";
import { digestOf, secretDigest } from "../../model/digest.ts";
import { AS_DECLARED, DIFFERENT, type FileItem, type Observation, type Props } from "../../model/items.ts";
import { lineDetail } from "../../model/lines.ts";
import { accountOf } from "../accounts.ts";
import { withActor } from "../actor.ts";
import { readEntry } from "../fs/read.ts";
import { split, withEntry, withFolder, withThing } from "../fs/walk.ts";
import { makeFolders, replaceFile, setStanding } from "../fs/write.ts";
import { isSecret } from "../store/seal.ts";
import type { Kind, Scene, Subject } from "./kind.ts";
import { lookAsActors } from "./look.ts";
import { differs, propsOf, standingOf } from "./standing.ts";
import { removeThing } from "./thing.ts";

type File = Subject<FileItem>;

export const file: Kind<FileItem> = {
  observe: (scene, subjects) => lookAsActors(scene, subjects, (subject) => look(scene, subject)),
  converge,
  remove: (scene, { item }) => removeThing(scene, item),
};

function look(scene: Scene, subject: File): Observation {
  return withThing(subject.item.path, (entry) => {
    if (entry === undefined) return { props: { type: "absent" } };
    const props = propsOf(scene.accounts, entry.stats);
    if (props.type !== "file") return { props };
    const bytes = readEntry(entry);
    if (bytes === undefined) return { props: { ...props, content: "too large" } };
    if (isSecret(subject.item)) return { props: { ...props, ...secretProps(scene, subject, bytes) } };
    const content = digestOf(bytes);
    const detail = content === subject.item.want.content ? [] : contentDetail(scene, subject, bytes);
    return { props: { ...props, content }, ...(detail.length > 0 && { detail }) };
  });
}

/**
 * What the record or the asker can tell of the bytes: never more than whether they are the same. The seal lets an
 * asker know them again later; it is another than the record's, which stays here.
 */
function secretProps(scene: Scene, { item, applied, intended }: File, bytes: Buffer): Props {
  const digest = secretDigest(item.path, bytes);
  const seal = scene.seal(`seen ${digest}`).replace(/^hmac:/, "");
  if (digest === item.want.content) return { content: digest, seal };
  const isKnown = [applied?.["content"], intended?.["content"]].includes(scene.seal(digest));
  return { content: isKnown ? AS_DECLARED : DIFFERENT, seal };
}

function contentDetail(scene: Scene, { item }: File, bytes: Buffer) {
  const declared = scene.contents(item.want.content);
  return declared === undefined ? [] : lineDetail(declared, bytes.toString("utf8"));
}

function converge(scene: Scene, subject: File, observed: Props): void {
  const { item } = subject;
  const standing = standingOf(scene.accounts, item.want);
  const account = item.actor === undefined ? undefined : accountOf(scene.accounts, item.actor);
  // An actor may not give itself a file of somebody else, but may put a new one in its place.
  const foreign = account !== undefined && differs(item.want, observed, "owner");
  const bytes =
    differs(item.want, observed, "type", "content") || foreign ? bytesOf(scene, subject) : undefined;
  const { parent, name } = split(item.path);
  const make = account === undefined ? makeFolders(0o755, false) : makeFolders(0o700, true);
  withActor(account, () =>
    withFolder(
      parent,
      (folder) => {
        if (bytes !== undefined) return replaceFile(folder, name, bytes, standing);
        withEntry(folder, name, (entry) => {
          if (!entry?.stats.isFile() || entry.stats.nlink !== 1) throw changing(item.path);
          setStanding(entry.handle, standing);
        });
      },
      make,
    ),
  );
}

function bytesOf(scene: Scene, { item, secret }: File): Buffer {
  const text = isSecret(item) ? secret : scene.contents(item.want.content);
  if (text !== undefined) return Buffer.from(text);
  const why = isSecret(item) ? "its value was not sent" : `${item.want.content} is not kept on this host`;
  throw new MusterError({ what: item.path, why });
}

function changing(path: string): MusterError {
  return new MusterError({ what: path, why: "somebody changed it while it was looked at" });
}
