/** The reply of the tests' model: a text, or a call of one of the tools that the request offers. */
export type Reply =
  | { readonly text: string }
  | { readonly tool: string; readonly input: Readonly<Record<string, unknown>> };

/** A tool that a request offers. Its input is described by a JSON Schema. */
export interface Tool {
  readonly name: string;
  readonly properties: Readonly<Record<string, { readonly type?: string } | undefined>>;
}

/** A request in a form that is the same for all three APIs. */
export interface Asked {
  readonly model: string;
  /** The last message. It is the result of a tool, or the text of a person. */
  readonly last: { readonly isResult: boolean; readonly text: string };
  readonly tools: readonly Tool[];
  readonly isStreamed: boolean;
}

export type JsonMap = Readonly<Record<string, unknown>>;

export function mapOf(value: unknown): JsonMap {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonMap) : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Joins all texts in the content of a message, which is a text or a list of parts. */
export function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (Array.isArray(content)) return content.map(textOf).join("\n");
  const { text, content: inner, output } = mapOf(content);
  return [text, inner, output].map((one) => (one === undefined ? "" : textOf(one))).join("");
}

export function toolOf(name: unknown, schema: unknown): Tool {
  const properties = mapOf(mapOf(schema)["properties"]);
  return { name: String(name), properties: properties as Tool["properties"] };
}
