import type { CredentialSpec, Fleet } from "../fleet.ts";

/** Who has a credential: an agent, or a service. */
export interface CredentialHolder {
  readonly name: string;
  /** The Linux user that it runs as. */
  readonly user: string;
  readonly host: string;
  readonly credentials: readonly string[];
  /** Of a service its unit. */
  readonly unit?: string;
}

/** A credential and those that can read it. */
export interface Held {
  readonly credential: CredentialSpec;
  /** Those that list it. */
  readonly listedBy: readonly CredentialHolder[];
  /** Those and, where a tenant has one uid, all its agents on the same hosts. */
  readonly readableBy: readonly CredentialHolder[];
}

/** All that may hold credentials. */
export function holdersIn({ agents, services }: Fleet): CredentialHolder[] {
  return [...Object.values(agents), ...Object.values(services)];
}

/** Every credential that somebody lists. */
export function heldCredentials(fleet: Fleet): Held[] {
  const all = holdersIn(fleet);
  return Object.values(fleet.credentials).flatMap((credential) => {
    const listedBy = all.filter(({ credentials }) => credentials.includes(credential.name));
    if (listedBy.length === 0) return [];
    const places = new Set(listedBy.map(placeOf));
    return [{ credential, listedBy, readableBy: all.filter((one) => places.has(placeOf(one))) }];
  });
}

/** The uid on its host: who is there reads the same files. That root reads all of them is no news of any. */
function placeOf({ name, user, host }: CredentialHolder): string {
  return user === "root" ? name : `${user} ${host}`;
}
