import { shorten } from "../../../model/contact-rows.ts";
import { digestOf } from "../../../model/digest.ts";
import {
  AS_DECLARED,
  type Cause,
  type Detail,
  DIFFERENT,
  type Observation,
  type Props,
} from "../../../model/items.ts";
import { shownPair } from "../../../model/shorten-for-display.ts";
import { compareKeys, type KeyDifference, mergeKeys } from "../../../settings/merge.ts";
import { mayBeSecret, pathText, valueText } from "../../../settings/printable-values.ts";
import { type Path, type Tree, type Value, valueAt } from "../../../settings/values.ts";
import type { Entry } from "../../fs/open-without-symlinks.ts";
import type { RequestContext } from "../../request-context.ts";
import {
  type DeclaredKeys,
  findDeclaredKeys,
  formerTrees,
  type MergedFile,
  mergeRefusal,
} from "./declared-keys.ts";
import { readKeys } from "./read-keys.ts";

/** Observes the declared keys of a file. Refuses a file if its keys cannot be merged. */
export function observeKeys(
  context: RequestContext,
  target: MergedFile,
  entry: Entry,
  props: Props,
): Observation {
  const { item, applied, intended } = target;
  const declared = findDeclaredKeys(context, target);
  try {
    const { bytes, text, found } = readKeys(declared.format, entry);
    const differences = compareKeys(declared.keys, found, formerTrees(declared));
    if (differences.length === 0) return { props: { ...props, content: item.want.content } };
    mergeKeys(declared.format, text, declared.keys, formerTrees(declared));
    const detail = shorten(
      differences.map((one) => detailOf(declared, one)),
      "content",
    );
    const digest = digestOf(bytes);
    const isKnown = digest === applied?.["content"] || digest === intended?.["content"];
    return { props: { ...props, content: isKnown ? digest : "differs" }, detail };
  } catch (error) {
    return { props: { ...props, content: "not mergeable" }, refusal: mergeRefusal(item, error) };
  }
}

function detailOf(declared: DeclaredKeys, { path, declared: wanted, found }: KeyDifference): Detail {
  const isSecret = [wanted, found].some((value) => value !== undefined && mayBeSecret(path, value));
  const [left, right] = isSecret ? [hidden(wanted), hidden(found, DIFFERENT)] : shownValues(wanted, found);
  const cause = causeOf(declared, path, wanted, found);
  return {
    property: `content.${pathText(path)}`,
    ...{ declared: left, observed: right },
    ...(cause && { cause }),
  };
}

function hidden(value: Value | undefined, shown = AS_DECLARED): string {
  return value === undefined ? "absent" : shown;
}

function shownValues(declared: Value | undefined, found: Value | undefined): readonly [string, string] {
  return shownPair(
    ...([declared, found].map((one) => (one === undefined ? "absent" : valueText(one))) as [string, string]),
  );
}

/** Returns the cause of the difference of one key; undefined if there is no record of the file. */
function causeOf(
  { applied, intended }: DeclaredKeys,
  path: Path,
  wanted: Value | undefined,
  found: Value | undefined,
): Cause | undefined {
  const isFound = (tree: Tree | undefined) => tree !== undefined && isSame(valueAt(tree, path), found);
  if (isFound(applied) || isFound(intended)) return "intended";
  if (applied === undefined) return undefined;
  return isSame(valueAt(applied, path), wanted) ? "drift" : "both";
}

function isSame(one: Value | undefined, other: Value | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return valueText(one) === valueText(other);
}
