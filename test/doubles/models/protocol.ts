import type { Asked, JsonMap, Reply } from "./reply.ts";

/** One of the vendors' APIs: it reads requests and writes replies. */
export interface ModelProtocol {
  readonly path: RegExp;
  parse(body: JsonMap): Asked;
  /** The body of an answer that is not streamed. */
  whole(asked: Asked, reply: Reply): JsonMap;
  /** The events of a streamed answer. An event with the key `type` is sent under this name. */
  events(asked: Asked, reply: Reply): readonly JsonMap[];
  /** The text of the last event, if the stream ends with one that is not JSON. */
  readonly end?: string;
  /** The body of an answer with an error. */
  error(status: number, message: string): JsonMap;
}
