export interface GroupItem {
  readonly kind: "group";
  readonly name: string;
  readonly onRemove?: "keep";
  readonly want: { readonly present: true };
}

export interface UserItem {
  readonly kind: "user";
  readonly name: string;
  /** Whether it is a system account, with a uid below those of people. */
  readonly system?: true;
  /**
   * The user is kept when its resource is removed. Otherwise
   * the next new user could get its uid and own its files.
   */
  readonly onRemove?: "keep";
  readonly want: {
    readonly present: true;
    readonly group: string;
    readonly home: string;
    readonly shell: string;
  };
}
