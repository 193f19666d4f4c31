export interface PackageItem {
  readonly kind: "package";
  readonly name: string;
  readonly want: { readonly present: true };
}

/**
 * A check that the program of a unit exists. Muster does not install the program. The check uses the rights
 * of `actor`, the user that runs the program.
 */
export interface ProgramItem {
  readonly kind: "program";
  readonly unit: string;
  /** The program's name, or its path (absolute, or relative to `workdir`). */
  readonly name: string;
  /** The folders in which a program's name is looked up, in the form of PATH. */
  readonly search: string;
  readonly workdir: string;
  readonly actor: string;
  readonly want: { readonly found: true };
}

/** The installed host runtime: the versions of its bundle and of Node. */
export interface RuntimeItem {
  readonly kind: "runtime";
  readonly want: { readonly bundle: string; readonly node: string };
}
