import { MusterError } from "../../../base/errors.ts";
import type { FileItem } from "../../../model/items.ts";
import { type Format, Unmergeable } from "../../../settings/format.ts";
import { mergeKeys } from "../../../settings/merge.ts";
import { asRoot } from "../../accounts/as-user.ts";
import type { Place } from "../../fs/follow-links.ts";
import { withEntry } from "../../fs/open-without-symlinks.ts";
import { readEntry, typeOf } from "../../fs/read.ts";
import { discard, type FileAttributes, replaceFile, temporaryName } from "../../fs/write.ts";
import type { RequestContext } from "../../request-context.ts";
import { keepBytes } from "../../store/kept-copies.ts";
import { pause } from "../../system/error-reason.ts";
import { attributesOf } from "../file-attributes.ts";
import type { OnKept } from "../kind.ts";
import { withParent } from "../remove-path-item.ts";
import {
  type DeclaredKeys,
  findDeclaredKeys,
  formerTrees,
  type MergedFile,
  mergeRefusal,
} from "./declared-keys.ts";
import { PAUSE, readKeys, type SettingsFile, TRIES } from "./read-keys.ts";

/** The error for a file that was changed while its new text was being written. */
class ChangedMeanwhile extends Error {}

/**
 * Writes the declared keys into a file. If the agent changes the file at the same time, the file is read again.
 *
 * @param keepOther called directly before something other than a file is replaced
 */
export function writeKeys(
  context: RequestContext,
  target: MergedFile,
  place: Place,
  attributes: FileAttributes,
  keepOther: () => void,
  onKept: OnKept,
): void {
  const declared = findDeclaredKeys(context, target);
  for (let triesLeft = TRIES; ; triesLeft -= 1) {
    try {
      writeOnce(context, target, declared, place, attributes, keepOther, onKept);
      return;
    } catch (error) {
      if (error instanceof Unmergeable)
        throw new MusterError({ what: target.item.path, ...mergeRefusal(target.item, error) });
      if (!(error instanceof ChangedMeanwhile)) throw error;
      if (triesLeft === 0) throw busy(target.item);
    }
    pause(PAUSE);
  }
}

function writeOnce(
  context: RequestContext,
  { item }: MergedFile,
  declared: DeclaredKeys,
  place: Place,
  attributes: FileAttributes,
  keepOther: () => void,
  onKept: OnKept,
): void {
  const { format, keys } = declared;
  const old = readPlace(format, place);
  if (old === undefined) {
    const keepOld = () => (isFile(place) ? refuseChanged() : keepOther());
    replaceFile(place.folder, place.name, Buffer.from(declared.text), attributes, keepOld);
    return;
  }
  const { text, replaces } = mergeKeys(format, old.text, keys, formerTrees(declared));
  replaceFile(place.folder, place.name, Buffer.from(text), attributes, () => {
    if (!isUnchanged(place, old)) refuseChanged();
    if (replaces) onKept(keepBytes(context.host, item.path, old.bytes));
  });
}

/** Reads the file at a place; undefined if no file exists there. */
function readPlace(format: Format, place: Place): SettingsFile | undefined {
  return withEntry(place.folder, place.name, (entry) =>
    entry !== undefined && typeOf(entry.stats) === "file" ? asRoot(() => readKeys(format, entry)) : undefined,
  );
}

function isFile({ folder, name }: Place): boolean {
  return withEntry(folder, name, (entry) => entry !== undefined && typeOf(entry.stats) === "file");
}

function isUnchanged(place: Place, { bytes }: SettingsFile): boolean {
  return withEntry(place.folder, place.name, (entry) => {
    if (entry === undefined || typeOf(entry.stats) !== "file") return false;
    return asRoot(() => readEntry(entry))?.equals(bytes) === true;
  });
}

function refuseChanged(): never {
  throw new ChangedMeanwhile();
}

function busy({ path }: FileItem): MusterError {
  return new MusterError({
    what: path,
    why: "its agent changes it all the time, so it could not be merged.",
    next: "Run `npx pulumi up` again.",
  });
}

/**
 * Removes the declared keys from a file if they still have their declared values. Deletes the file with its last key.
 * Does not change a file that cannot be merged.
 */
export function removeKeys(context: RequestContext, target: MergedFile): void {
  const { item } = target;
  withParent(context, item, (place) => {
    discard(place.folder, temporaryName(place.name));
    for (let triesLeft = TRIES; triesLeft > 0; triesLeft -= 1) {
      try {
        removeOnce(context, target, place);
        return;
      } catch (error) {
        if (error instanceof Unmergeable) return;
        if (!(error instanceof ChangedMeanwhile)) throw error;
      }
    }
    throw busy(item);
  });
}

function removeOnce(context: RequestContext, target: MergedFile, place: Place): void {
  const { format, keys } = findDeclaredKeys(context, target);
  const old = readPlace(format, place);
  if (old === undefined) return;
  const { text } = mergeKeys(format, old.text, new Map(), [keys]);
  if (text === old.text) return;
  if (!isUnchanged(place, old)) refuseChanged();
  if (/^\s*(\{\s*\})?\s*$/.test(text)) {
    discard(place.folder, place.name);
    return;
  }
  const mode = withEntry(place.folder, place.name, (entry) => (entry?.stats.mode ?? 0o600) & 0o777);
  const attributes = { ...attributesOf(context.accounts, target.item.want), mode };
  replaceFile(place.folder, place.name, Buffer.from(text), attributes, () => {
    if (!isUnchanged(place, old)) refuseChanged();
  });
}
