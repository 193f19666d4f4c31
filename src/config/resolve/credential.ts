import { homedir } from "node:os";
import { secretCommand } from "../../model/secret-command.ts";
import type { CredentialSpec } from "../fleet.ts";
import type { RawCredential } from "../fleet-yaml-types.ts";
import type { Keys } from "../problem.ts";
import { secondsOf } from "../yaml-values.ts";
import { anywherePath, type Context, type Resolver } from "./context.ts";

/**
 * Resolves a credential. The path of a `file:` reference becomes absolute. The command of an `exec:` reference is
 * checked, but not run.
 */
export const resolveCredential: Resolver<RawCredential, CredentialSpec> = (name, raw, keys, context) => {
  checkCommand(raw.from, keys, context);
  checkDay(raw.expires, keys, context);
  checkFile(raw, keys, context);
  return {
    name,
    from: referenceOf(raw.from, context.home),
    type: raw.type,
    ...(raw.provider !== undefined && { provider: raw.provider }),
    ...(raw.expires !== undefined && { expires: raw.expires }),
    ...(raw.env !== undefined && { env: raw.env }),
    ...(raw.file !== undefined && { file: raw.file }),
    ...(raw.start !== undefined && { stagger: secondsOf(raw.start.stagger) }),
    ...(raw.sharedBecause !== undefined && { sharedBecause: raw.sharedBecause }),
  };
};

function referenceOf(from: string, home: string): string {
  return from.startsWith("file:") ? `file:${anywherePath(home, from.slice("file:".length))}` : from;
}

function checkCommand(from: string, keys: Keys, { report, source }: Context): void {
  const [, command] = /^exec:(.*)$/s.exec(from) ?? [];
  if (command === undefined) return;
  const split = secretCommand(command, homedir());
  if ("flaw" in split) report.error(source, [...keys, "from"], `its command ${split.flaw}`);
}

/** Refuses a day that no calendar has, such as 30 February. */
function checkDay(day: string | undefined, keys: Keys, { report, source }: Context): void {
  if (day === undefined) return;
  const date = new Date(`${day}T00:00:00Z`);
  if (!Number.isNaN(date.getTime()) && date.toISOString().startsWith(day)) return;
  report.error(source, [...keys, "expires"], `${day} is not a day of the calendar`);
}

/** Refuses the keys that a login file cannot have. */
function checkFile(raw: RawCredential, keys: Keys, { report, source }: Context): void {
  if (raw.file === undefined) return;
  if (raw.type !== "oauth")
    report.error(source, [...keys, "type"], "must be `oauth` with `file`, which is only for logins");
  if (raw.env !== undefined)
    report.error(
      source,
      [...keys, "env"],
      "cannot be combined with `file`: a program cannot renew a login in a variable",
      "key",
    );
  if (raw.sharedBecause !== undefined)
    report.error(
      source,
      [...keys, "sharedBecause"],
      "cannot be combined with `file`: a login that is renewed works for only one agent",
      "key",
    );
}
