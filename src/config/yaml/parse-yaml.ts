import { Composer, type Document, Parser, type YAMLError } from "yaml";

/** A parsed document and its syntax errors, each at an offset in the text. */
export interface Syntax {
  readonly document: Document.Parsed | undefined;
  readonly errors: readonly { readonly offset: number; readonly sentence: string }[];
}

/**
 * The maximum number of errors. More errors would not be useful. Without a limit, a malicious file would take
 * seconds to parse.
 */
const MOST_ERRORS = 100;

/**
 * Parses YAML 1.2 text that contains one document. plainOf handles duplicate keys and merge keys, because the
 * library's own check for duplicate keys takes quadratic time.
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
    errors.push({ offset: second.range[0], sentence: "a second document starts here; only one is allowed" });
  return { document, errors };
}

const SENTENCES: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: "a tab is used for indentation: YAML allows only spaces",
  BAD_INDENT: "has the wrong indentation, or a bracket before it is not closed",
  TAG_RESOLVE_FAILED: "has a tag (!), which is not supported here",
  MULTILINE_IMPLICIT_KEY: "a key must be on one line: is a colon or a quote missing?",
  BLOCK_AS_IMPLICIT_KEY: "a map cannot start on the line of its key: is there a colon too many?",
  RESOURCE_EXHAUSTION: "is nested too deeply",
  MISSING_CHAR: "a quote, bracket or colon is missing",
};

function sentenceOf(error: YAMLError): string {
  return SENTENCES[error.code] ?? `is not YAML: ${error.message}`;
}
