export interface GroupItem {
  readonly kind: "group";
  readonly name: string;
  readonly onRemove?: "keep";
  readonly want: { readonly present: true };
}

export interface UserItem {
  readonly kind: "user";
  readonly name: string;
  /** Whether this is a system account, whose uid is lower than the uids of people. */
  readonly system?: true;
  /**
   * If present, the user is kept when its resource is removed. Otherwise the next new user could get the same
   * uid and own the files of the removed user.
   */
  readonly onRemove?: "keep";
  readonly want: {
    readonly present: true;
    readonly group: string;
    readonly home: string;
    readonly shell: string;
  };
}
