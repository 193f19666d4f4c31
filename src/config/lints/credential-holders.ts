import type { CredentialSpec, Fleet } from "../fleet.ts";

/** An agent or a service that has a credential. */
export interface CredentialHolder {
  readonly name: string;
  /** The Linux user that runs it. */
  readonly user: string;
  readonly host: string;
  readonly credentials: readonly string[];
  /** The unit, if it is a service. */
  readonly unit?: string;
}

/** A credential and the agents and services that can read it. */
export interface Held {
  readonly credential: CredentialSpec;
  /** The holders that list it. */
  readonly listedBy: readonly CredentialHolder[];
  /** These holders and, if their tenant has one uid, all its agents on the same hosts. */
  readonly readableBy: readonly CredentialHolder[];
}

/** All agents and services. */
export function holdersIn({ agents, services }: Fleet): CredentialHolder[] {
  return [...Object.values(agents), ...Object.values(services)];
}

/** Every credential that has a holder. */
export function heldCredentials(fleet: Fleet): Held[] {
  const all = holdersIn(fleet);
  return Object.values(fleet.credentials).flatMap((credential) => {
    const listedBy = all.filter(({ credentials }) => credentials.includes(credential.name));
    if (listedBy.length === 0) return [];
    const places = new Set(listedBy.map(placeOf));
    return [{ credential, listedBy, readableBy: all.filter((one) => places.has(placeOf(one))) }];
  });
}

/** The user and host of a holder: holders with the same user and host read the same files. Root is not counted, as it reads all
 * files. */
function placeOf({ name, user, host }: CredentialHolder): string {
  return user === "root" ? name : `${user} ${host}`;
}
