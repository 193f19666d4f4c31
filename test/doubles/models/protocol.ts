import type { Asked, JsonMap, Reply } from "./reply.ts";

/** The API of one vendor: it reads requests and writes replies. */
export interface ModelProtocol {
  readonly path: RegExp;
  parse(body: JsonMap): Asked;
  /** Returns the body of a response that is not streamed. */
  whole(asked: Asked, reply: Reply): JsonMap;
  /** Returns the events of a streamed response. An event with the key `type` is sent under this name. */
  events(asked: Asked, reply: Reply): readonly JsonMap[];
  /** The text of the last event, if this event is not JSON. */
  readonly end?: string;
  /** Returns the body of an error response. */
  error(status: number, message: string): JsonMap;
}
