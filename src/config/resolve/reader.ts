import { GATE_NAME_MAX } from "../../model/gate-account.ts";
import type { ReaderSpec } from "../fleet.ts";
import type { RawReader } from "../fleet-yaml-types.ts";
import type { Resolver } from "./context.ts";

/** Resolves a read-only key. */
export const resolveReader: Resolver<RawReader, ReaderSpec> = (name, raw, keys, context) => {
  if (name.length > GATE_NAME_MAX) {
    const sentence = `must be at most ${GATE_NAME_MAX} characters, because the account for its key is named after it`;
    context.report.error(context.source, keys, sentence, "key");
    return undefined;
  }
  return { name, key: raw.key, ...(raw.tenant !== undefined && { tenant: raw.tenant }) };
};
