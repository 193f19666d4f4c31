import type { Digest } from "./values.ts";

export interface PackageItem {
  readonly kind: "package";
  readonly name: string;
  readonly want: { readonly present: true };
}

/**
 * A check that the program of a unit, its interpreter and its working directory exist, and that the unit sees them.
 * Muster does not install the program. The check runs with the privileges of `actor`, the user that runs the program.
 */
export interface ProgramItem {
  readonly kind: "program";
  readonly unit: string;
  /** The program's name, or its path (absolute, or relative to `workdir`). */
  readonly name: string;
  /** The folders in which a program's name is looked up, in the format of PATH. */
  readonly search: string;
  readonly workdir: string;
  /** The home of an agent. Muster creates a missing working directory only inside this home. */
  readonly home?: string;
  /** The first argument if it is an absolute path, such as the path of a script. */
  readonly argument?: string;
  /** The folders that the unit cannot see, separated by colons. The unit can always see `home` and `workdir`. */
  readonly hidden?: string;
  readonly actor: string;
  readonly want: { readonly found: true };
}

/** The installed host runtime: the versions of its bundle and of Node. */
export interface RuntimeItem {
  readonly kind: "runtime";
  readonly want: { readonly bundle: string; readonly node: string };
}

/** One pinned version of a runtime, in a separate folder. The client installs it before its resource is converged. */
export interface InstallationItem {
  readonly kind: "installation";
  /** The name in `runtimes` of fleet.yaml. */
  readonly name: string;
  /** The addresses from which a host first tries to get the archives, separated by spaces. Absent if there are none. */
  readonly origins?: string;
  readonly want: {
    readonly version: string;
    /** The digest of the pinned text. This text names every archive with its digest. */
    readonly integrity: Digest;
  };
}
