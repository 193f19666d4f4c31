import { Composer, type Document, Parser, type YAMLError } from "yaml";

/** A parsed document and its syntax errors, each at an offset in the text. */
export interface Syntax {
  readonly document: Document.Parsed | undefined;
  readonly errors: readonly { readonly offset: number; readonly sentence: string }[];
}

/** Beyond this many errors the rest is noise, and a hostile file costs seconds. */
const MOST_ERRORS = 100;

/**
 * Parses YAML 1.2 text: one document, plain scalars only. Duplicate keys and merge keys are left to
 * the conversion, as the library's own check of keys takes time with the square of their number.
 */
export function parseYaml(text: string): Syntax {
  const composer = new Composer({ schema: "core", uniqueKeys: false, prettyErrors: false });
  const documents: Document.Parsed[] = [];
  let tokenErrors = 0;
  for (const token of new Parser().parse(text)) {
    documents.push(...composer.next(token));
    if (token.type === "error") tokenErrors += 1;
    if (tokenErrors > MOST_ERRORS || documents.length > 1) break;
  }
  documents.push(...composer.end(true, text.length));
  const [document, second] = documents;
  const found = [...(document?.errors ?? []), ...(document?.warnings ?? [])].slice(0, MOST_ERRORS);
  const errors = found.map((error) => ({ offset: error.pos[0], sentence: sentenceOf(error) }));
  if (second !== undefined)
    errors.push({ offset: second.range[0], sentence: "a second document begins here" });
  return { document, errors };
}

const SENTENCES: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: "a tab stands where spaces must: YAML is indented with spaces",
  BAD_INDENT: "is indented unlike its neighbours, or a bracket before it is not closed",
  TAG_RESOLVE_FAILED: "has a tag (!) that has no meaning here",
  MULTILINE_IMPLICIT_KEY: "a key must stand on one line: is a colon or a quote missing?",
  BLOCK_AS_IMPLICIT_KEY: "a map cannot begin on the line of its key: is there one colon too many?",
  RESOURCE_EXHAUSTION: "is nested too deeply",
  MISSING_CHAR: "a quote, bracket or colon is missing",
};

function sentenceOf(error: YAMLError): string {
  return SENTENCES[error.code] ?? `is not YAML: ${error.message}`;
}
