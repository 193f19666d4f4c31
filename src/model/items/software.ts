export interface PackageItem {
  readonly kind: "package";
  readonly name: string;
  readonly want: { readonly present: true };
}

/** A check that a unit finds the program that it starts. The program is not managed, and is looked up with the rights of its user. */
export interface ProgramItem {
  readonly kind: "program";
  readonly unit: string;
  /** A name, or a path: absolute or from `workdir`. */
  readonly name: string;
  /** The folders in which a name is looked up, in the form of PATH. */
  readonly search: string;
  readonly workdir: string;
  readonly actor: string;
  readonly want: { readonly found: true };
}

/** The host runtime itself: the installed bundle and Node, both by version. */
export interface RuntimeItem {
  readonly kind: "runtime";
  readonly want: { readonly bundle: string; readonly node: string };
}
