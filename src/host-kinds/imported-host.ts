import type { Target } from "../transport/target.ts";

/** How `fleet import` logs in to an existing host. */
export type ImportLogin = Pick<Target, "port" | "user" | "identityFile" | "connectTimeout">;

/** A host that `fleet import` has found. */
export interface FoundHost {
  readonly target: Target;
  /** Returns the declaration of the host, once its host keys are known. */
  declared(hostKeys: readonly string[]): ImportedHost;
}

/** A host as `fleet import` proposes to declare it. */
export interface ImportedHost {
  readonly name: string;
  /** The host's entry under `hosts`. */
  readonly entry: object;
  /** The section `cloud` that a droplet needs. */
  readonly cloud?: object;
  /** Remarks about the machine for the user. */
  readonly notes: readonly string[];
  /** The parts of the machine that the proposal does not declare, with the reason. */
  readonly left: readonly string[];
}
