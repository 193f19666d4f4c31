import type { Target } from "../transport/target.ts";

/** How `fleet import` logs in to an existing host. */
export type ImportLogin = Pick<Target, "port" | "user" | "identityFile" | "connectTimeout">;

/** A host that `fleet import` found. */
export interface FoundHost {
  readonly target: Target;
  /** Returns how to declare the host with these host keys. */
  declared(hostKeys: readonly string[]): ImportedHost;
}

/** The declaration that `fleet import` proposes for a host. */
export interface ImportedHost {
  readonly name: string;
  /** The host's entry under `hosts`. */
  readonly entry: object;
  /** The section `cloud` that a droplet needs. Left out for other kinds of hosts. */
  readonly cloud?: object;
  /** Notes about the machine for the user. */
  readonly notes: readonly string[];
  /** The parts of the machine that the proposal does not declare, each with the reason. */
  readonly left: readonly string[];
}
