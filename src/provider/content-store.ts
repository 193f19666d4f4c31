import { readFileSync } from "node:fs";
import { join } from "node:path";
import { MusterError } from "../base/errors.ts";
import { digestOf } from "../model/digest.ts";
import type { Contents, Digest, HostItem, Items } from "../model/items.ts";
import type { ContentStore } from "./context.ts";

/**
 * Creates a store for the contents that the Pulumi program has written to `<project>/.muster/contents/<64
 * hex>`. The store only reads these files.
 */
export function contentStore(project: string): ContentStore {
  const read = (digest: Digest) => readContent(join(project, ".muster", "contents"), digest);
  return {
    held: (items) => collect(items, read),
    needed: (items) => collect(items, (digest) => read(digest) ?? missing(digest)),
  };
}

function collect(items: Items, read: (digest: Digest) => string | undefined): Contents {
  const digests = [...new Set(Object.values(items).flatMap(digestsOf))];
  return Object.fromEntries(
    digests.flatMap((digest) => {
      const text = read(digest);
      return text === undefined ? [] : [[digest, text]];
    }),
  );
}

function digestsOf({ want }: HostItem): Digest[] {
  const named = [
    "content" in want ? want.content : "",
    "rows" in want ? want.rows : "",
    "integrity" in want ? want.integrity : "",
  ];
  return named.filter((digest): digest is Digest => digest.startsWith("sha256:"));
}

/**
 * Reads the content with this digest. If the text in the file does not match the digest, for example because the disk
 * was full, the file counts as missing.
 */
function readContent(folder: string, digest: Digest): string | undefined {
  try {
    const text = readFileSync(join(folder, digest.slice("sha256:".length)), "utf8");
    return digestOf(text) === digest ? text : undefined;
  } catch {
    return undefined;
  }
}

function missing(digest: Digest): never {
  throw new MusterError({
    what: "the content of a declared file is missing",
    why: `.muster/contents does not contain ${digest}.`,
    next: "Run `npx pulumi up` again, which writes the content.",
  });
}
