import type { Target } from "../transport/target.ts";

/** How `fleet import` logs in to an existing host. */
export type ImportLogin = Pick<Target, "port" | "user" | "identityFile" | "connectTimeout">;

/** A host that `fleet import` found: how it is reached, and what fleet.yaml would say once its keys are known. */
export interface FoundHost {
  readonly target: Target;
  declared(hostKeys: readonly string[]): ImportedHost;
}

/** A host as fleet.yaml would declare it. */
export interface ImportedHost {
  readonly name: string;
  readonly entry: object;
  /** The section `cloud`, for a droplet. */
  readonly cloud?: object;
  /** What a person should know of the machine itself. */
  readonly notes: readonly string[];
  /** What of the machine is not declared. */
  readonly left: readonly string[];
}
