import type { CredentialSpec } from "./fleet.ts";

/** The number of days before the expiry of a credential from which Muster warns about it. */
const WARNED = 14;

const DAY = 24 * 60 * 60 * 1000;

/**
 * Returns the end of a sentence about a credential that expires soon or has expired; undefined for all other
 * credentials.
 */
export function expiryText(expires: string | undefined, now = new Date()): string | undefined {
  if (expires === undefined) return undefined;
  const days = (Date.parse(expires) - Date.parse(now.toISOString().slice(0, 10))) / DAY;
  if (days < 0) return `has expired on ${expires}`;
  if (days > WARNED) return undefined;
  return `expires on ${expires}, ${days === 0 ? "today" : `in ${days} ${days === 1 ? "day" : "days"}`}`;
}

/** A credential that expires soon or has expired. */
export interface Expiring {
  readonly credential: string;
  /** The last day on which the credential works. */
  readonly on: string;
}

/** Returns the credentials that expire soon or have expired, in the given order. */
export function expiringOf(
  credentials: readonly (CredentialSpec | undefined)[],
  now = new Date(),
): Expiring[] {
  return credentials.flatMap((one) =>
    one?.expires === undefined || expiryText(one.expires, now) === undefined
      ? []
      : [{ credential: one.name, on: one.expires }],
  );
}
