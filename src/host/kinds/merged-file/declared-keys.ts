import { MusterError } from "../../../base/errors.ts";
import type { FileItem, Refusal, Scalar } from "../../../model/items.ts";
import { type Format, Unmergeable } from "../../../settings/format.ts";
import { parseKeys } from "../../../settings/merge.ts";
import { formatOf } from "../../../settings/registry.ts";
import type { Tree } from "../../../settings/values.ts";
import type { RequestContext } from "../../request-context.ts";
import type { ItemState } from "../kind.ts";

/**
 * Files with `write: merge`: Muster manages the declared keys, and all other keys belong to the agent. `want.content`
 * is the digest of the declared text.
 */

export type MergedFile = ItemState<FileItem>;

/** The keys that fleet.yaml declares for a file, now and at earlier runs. */
export interface DeclaredKeys {
  readonly format: Format;
  readonly text: string;
  readonly keys: Tree;
  /** The declarations that the last run applied, and that an unfinished run wanted to apply. */
  readonly applied?: Tree;
  readonly intended?: Tree;
}

/** Parses the declared text. @throws MusterError if this host does not have the text */
export function findDeclaredKeys(
  context: RequestContext,
  { item, applied, intended }: MergedFile,
): DeclaredKeys {
  const format = formatOf(item.path);
  const text = context.contents(item.want.content);
  if (format === undefined || text === undefined) {
    const why = format
      ? `${item.want.content} is not stored on this host`
      : "the ending of its name is not a known format";
    throw new MusterError({ what: item.path, why });
  }
  const former = (digest: Scalar | undefined) => formerKeys(context, format, digest);
  const [before, meant] = [former(applied?.["content"]), former(intended?.["content"])];
  return {
    ...{ format, text, keys: parseKeys(format, text) },
    ...(before && { applied: before }),
    ...(meant && { intended: meant }),
  };
}

/**
 * Parses an earlier declaration. The text of a declaration of the whole file is not necessarily in the settings format.
 */
function formerKeys(context: RequestContext, format: Format, digest: Scalar | undefined): Tree | undefined {
  const text = digest === undefined ? undefined : context.contents(`${digest}`);
  try {
    return text === undefined ? undefined : parseKeys(format, text);
  } catch (error) {
    if (error instanceof Unmergeable) return undefined;
    throw error;
  }
}

/** Returns the keys of earlier declarations, which a run removes if they are no longer declared. */
export function formerTrees({ applied, intended }: DeclaredKeys): Tree[] {
  return [applied, intended].flatMap((one) => one ?? []);
}

/** Returns why a file whose keys cannot be merged is refused. @throws any other error */
export function mergeRefusal({ path }: FileItem, error: unknown): Refusal {
  if (!(error instanceof Unmergeable)) throw error;
  return { why: `${path} ${error.message}.`, next: "Correct the file, or remove it." };
}
