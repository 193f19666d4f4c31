import { parseIdentityDigest } from "../../model/conversation.ts";
import { identityDigestFile } from "../../model/host-paths.ts";
import type { Host } from "../context.ts";
import { readOwn } from "../store/state-files.ts";

/** Reads the digest of an agent's identity that `up` has written last; undefined if there is none or it is invalid. */
export function declaredIdentity({ paths }: Host, agent: string): string | undefined {
  try {
    const text = readOwn(identityDigestFile(agent, paths.identities))?.toString("utf8");
    return text === undefined ? undefined : parseIdentityDigest(text);
  } catch {
    return undefined;
  }
}
