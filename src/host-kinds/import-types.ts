import type { Target } from "../transport/target.ts";

/** The settings with which `fleet import` logs in to an existing host. */
export type ImportLogin = Pick<Target, "port" | "user" | "identityFile" | "connectTimeout">;

/** A host that `fleet import` found. */
export interface FoundHost {
  readonly target: Target;
  /** Returns the declaration of the host with these host keys. */
  declared(hostKeys: readonly string[]): ImportedHost;
}

/** The declaration that `fleet import` proposes for a host. */
export interface ImportedHost {
  readonly name: string;
  /** The host's entry under `hosts`. */
  readonly entry: object;
  /** The user with which Muster will log in; absent if ssh_config determines the user. */
  readonly login?: string;
  /** The `cloud` section that a droplet needs. Absent for other kinds of hosts. */
  readonly cloud?: object;
  /** Notes for the user about the machine. */
  readonly notes: readonly string[];
  /** The parts of the machine that the proposal does not declare, each with the reason. */
  readonly left: readonly string[];
}
