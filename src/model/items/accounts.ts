export interface GroupItem {
  readonly kind: "group";
  readonly name: string;
  readonly onRemove?: "keep";
  readonly want: { readonly present: true };
}

export interface UserItem {
  readonly kind: "user";
  readonly name: string;
  /** An account of Muster for logins by key, with a uid below those of people. */
  readonly system?: true;
  /** It is kept when its resource is removed: otherwise the next new user could own its files. */
  readonly onRemove?: "keep";
  readonly want: {
    readonly present: true;
    readonly group: string;
    readonly home: string;
    readonly shell: string;
  };
}
