import type { AgentSpec, CredentialSpec, Fleet } from "../fleet.ts";

/** A credential and the agents that can read it. */
export interface Held {
  readonly credential: CredentialSpec;
  /** The agents that list it. */
  readonly listedBy: readonly AgentSpec[];
  /** Those and, where a tenant has one uid, all its agents on the same hosts. */
  readonly readableBy: readonly AgentSpec[];
}

/** Every credential that at least one agent lists. */
export function heldCredentials(fleet: Fleet): Held[] {
  const agents = Object.values(fleet.agents);
  return Object.values(fleet.credentials).flatMap((credential) => {
    const listedBy = agents.filter((agent) => agent.credentials.includes(credential.name));
    if (listedBy.length === 0) return [];
    const places = new Set(listedBy.map(placeOf));
    return [{ credential, listedBy, readableBy: agents.filter((agent) => places.has(placeOf(agent))) }];
  });
}

/** The uid on its host: who is there reads the same files. */
function placeOf(agent: AgentSpec): string {
  return `${agent.user} ${agent.host}`;
}
