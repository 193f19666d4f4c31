import type { CredentialSpec } from "../fleet.ts";
import type { RawCredential } from "../fleet-yaml-types.ts";
import { anywherePath, type Resolver } from "./context.ts";

/** Resolves a credential. The path of a `file:` reference becomes absolute. */
export const resolveCredential: Resolver<RawCredential, CredentialSpec> = (name, raw, _keys, { home }) => ({
  name,
  from: referenceOf(raw.from, home),
  type: raw.type,
  ...(raw.provider !== undefined && { provider: raw.provider }),
  ...(raw.env !== undefined && { env: raw.env }),
  ...(raw.sharedBecause !== undefined && { sharedBecause: raw.sharedBecause }),
});

function referenceOf(from: string, home: string): string {
  return from.startsWith("file:") ? `file:${anywherePath(home, from.slice("file:".length))}` : from;
}
