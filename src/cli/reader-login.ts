import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { InvalidError } from "../base/errors.ts";
import type { Fleet } from "../config/fleet.ts";
import { gateAccount } from "../model/gate-account.ts";
import type { Target } from "../transport/target.ts";
import type { Given } from "./command.ts";
import { assertDeclared } from "./selection.ts";

/** A way in that can only look: a reader that fleet.yaml declares, and the private half of its key. */
export interface Reader {
  readonly name: string;
  readonly keyFile: string;
  /** The tenant that it is limited to. */
  readonly tenant?: string;
}

/** The options that name a reader. */
export const READER_OPTIONS = {
  "--reader <name>": "log in as this reader of fleet.yaml, who can only look",
  "--key <file>": "the private half of the reader's key",
};

/**
 * Reads `--reader` and `--key`.
 *
 * @throws InvalidError for one without the other, a reader that is not declared or does not see the tenant that is
 *   asked about, or a file that holds no private key
 */
export function readerIn(fleet: Fleet, { reader, key, tenant: asked }: Given["options"]): Reader | undefined {
  if (reader === undefined && key === undefined) return undefined;
  if (typeof reader !== "string" || typeof key !== "string") {
    throw new InvalidError({
      what: "the reader is incomplete",
      why: "--reader and --key must be used together.",
      next: "Give both, or neither to use your own login.",
    });
  }
  assertDeclared("reader", reader, fleet.readers);
  const tenant = fleet.readers[reader]?.tenant;
  if (tenant !== undefined && asked !== undefined && asked !== tenant) {
    const why = `the reader ${reader} sees the tenant ${tenant} alone.`;
    throw new InvalidError({ what: `the tenant ${asked} cannot be looked at`, why });
  }
  return { name: reader, keyFile: privateKey(key), ...(tenant !== undefined && { tenant }) };
}

/** A host as a reader reaches it: by its account and key, whatever login fleet.yaml and the inventory name. */
export function asReader({ name, keyFile }: Reader, target: Target): Target {
  return { ...target, user: gateAccount({ kind: "read", name }), identityFile: keyFile, gate: true };
}

/** ssh would say of a file that holds no key only that the host let nobody in. */
function privateKey(path: string): string {
  const file = resolve(path);
  const refused = (why: string) =>
    new InvalidError({
      what: "the reader's key cannot be used",
      why: `${path} ${why}.`,
      next: "In a workflow: is the secret FLEET_READER_KEY set to the whole private key?",
    });
  try {
    if (/^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(readFileSync(file, "utf8"))) return file;
  } catch (error) {
    throw refused(`cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  throw refused("holds no private key");
}
