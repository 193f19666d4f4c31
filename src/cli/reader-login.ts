import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { InvalidError } from "../base/errors.ts";
import type { Fleet } from "../config/fleet.ts";
import { gateAccount } from "../model/gate-account.ts";
import type { Target } from "../transport/target.ts";
import type { CommandInput } from "./command.ts";
import { assertDeclared } from "./selection.ts";

/** A read-only login: a reader that fleet.yaml declares, and its private key. */
export interface Reader {
  readonly name: string;
  readonly keyFile: string;
  /**
   * The only tenant that the reader is allowed to read; absent if the reader is allowed to read all tenants.
   */
  readonly tenant?: string;
}

/** The options that name a reader. */
export const READER_OPTIONS = {
  "--reader <name>": "log in as this reader from fleet.yaml, with read-only access",
  "--key <file>": "the reader's private key",
};

/**
 * Reads `--reader` and `--key`.
 *
 * @throws InvalidError if only one of the two options is given, if the reader is not declared or is not
 *   allowed to read the selected tenant, or if the file contains no private key
 */
export function readerIn(
  fleet: Fleet,
  { reader, key, tenant: selected }: CommandInput["options"],
): Reader | undefined {
  if (reader === undefined && key === undefined) return undefined;
  if (typeof reader !== "string" || typeof key !== "string") {
    throw new InvalidError({
      what: "the reader is incomplete",
      why: "--reader and --key must be used together.",
      next: "Omit both to use your own login.",
    });
  }
  assertDeclared("reader", reader, fleet.readers);
  const tenant = fleet.readers[reader]?.tenant;
  if (tenant !== undefined && selected !== undefined && selected !== tenant) {
    const why = `the reader ${reader} is allowed to read only the tenant ${tenant}.`;
    throw new InvalidError({ what: `the tenant ${selected} cannot be checked`, why });
  }
  return { name: reader, keyFile: privateKey(key), ...(tenant !== undefined && { tenant }) };
}

/** Returns a host's target in which the reader's account and key are the login. */
export function asReader({ name, keyFile }: Reader, target: Target): Target {
  return { ...target, user: gateAccount({ kind: "read", name }), identityFile: keyFile, gate: true };
}

/**
 * Returns the key file's absolute path. Checks the file, because for an invalid file, ssh only reports that access was
 * denied.
 */
function privateKey(path: string): string {
  const file = resolve(path);
  const refused = (why: string) =>
    new InvalidError({
      what: "the reader's key cannot be used",
      why: `${path} ${why}.`,
      next: "In a workflow, check that the secret FLEET_READER_KEY contains the complete private key.",
    });
  try {
    if (/^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(readFileSync(file, "utf8"))) return file;
  } catch (error) {
    throw refused(`cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  throw refused("contains no private key");
}
