import type { Refusal } from "../../model/limits.ts";
import type { Tokens } from "../../model/usage.ts";
import type { Json } from "./json.ts";

/** A response of a model, as a runtime has recorded it. */
export interface Response {
  /** Identifies the response. A record can contain the same response several times. */
  readonly key: string;
  /** When the response arrived, in milliseconds since 1970. */
  readonly at: number;
  readonly model: string;
  readonly tokens: Tokens;
  /** The cost in US dollars; absent if the runtime has recorded no cost. */
  readonly cost?: number;
}

/** What a line of a record contains. */
export interface Found {
  readonly response?: Response;
  readonly refusal?: Refusal;
}

/** What earlier lines of the same file have said, and what later lines need. */
export interface FileState {
  readonly model?: string;
  /** Whether the file has one line for each response, so that its totals do not count. */
  readonly hasResponses?: true;
}

/** A kind of record in lines of JSON. */
export interface LineRecord {
  /** The folder of the files, relative to the agent's home. */
  readonly folder: string;
  /** The maximum number of folders between this folder and a file. */
  readonly depth: number;
  /** Words of which a line with content contains at least one. Lines without these words are not parsed. */
  readonly words: readonly string[];
  read(line: Json, file: FileState): Found & { readonly file?: FileState };
}
