import { readFileSync } from "node:fs";
import { join } from "node:path";

const DOCS = join(import.meta.dirname, "..", "..", "..", "docs");

/**
 * Returns the code block of a docs page that follows the comment with this name.
 *
 * @param page relative to docs
 */
export function docsBlock(page: string, name: string): string {
  const text = readFileSync(join(DOCS, page), "utf8");
  const block = text.split(`<!-- ${name} -->\n`)[1]?.match(/^```\w+\n(.*?)^```/ms)?.[1];
  if (block === undefined) throw new Error(`docs/${page} has no code after <!-- ${name} -->`);
  return block;
}
