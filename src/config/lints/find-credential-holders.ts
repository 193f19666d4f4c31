import type { CredentialSpec, Fleet } from "../fleet.ts";

/** An agent or a service that has a credential. */
export interface CredentialHolder {
  readonly name: string;
  /** The Linux user that runs the agent or the service. */
  readonly user: string;
  readonly host: string;
  readonly credentials: readonly string[];
  /** The unit of a service; absent for an agent. */
  readonly unit?: string;
}

/** A credential, and the agents and services that can read it. */
export interface Held {
  readonly credential: CredentialSpec;
  /** The agents and services that list the credential. */
  readonly listedBy: readonly CredentialHolder[];
  /**
   * The agents and services that can read the credential: those that list it, and those that run as the same
   * Linux user on the same host.
   */
  readonly readableBy: readonly CredentialHolder[];
}

/** Returns all agents and services of a fleet. */
export function holdersIn({ agents, services }: Fleet): CredentialHolder[] {
  return [...Object.values(agents), ...Object.values(services)];
}

/** Returns every credential that at least one agent or service lists. */
export function heldCredentials(fleet: Fleet): Held[] {
  const all = holdersIn(fleet);
  return Object.values(fleet.credentials).flatMap((credential) => {
    const listedBy = all.filter(({ credentials }) => credentials.includes(credential.name));
    if (listedBy.length === 0) return [];
    const places = new Set(listedBy.map(placeOf));
    return [{ credential, listedBy, readableBy: all.filter((one) => places.has(placeOf(one))) }];
  });
}

/**
 * Returns a text that identifies the user and the host of a holder. Holders with the same text can read each other's
 * files. Each holder that runs as root gets a separate text. root can read all files, so the fact that two holders run
 * as root says nothing about shared files.
 */
function placeOf({ name, user, host }: CredentialHolder): string {
  return user === "root" ? name : `${user} ${host}`;
}
