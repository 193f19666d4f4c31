import type { GroupItem, RightsItem, UserItem } from "./items/accounts.ts";
import type { CheckoutItem, CopyItem, DirectoryItem, FileItem, RowsItem } from "./items/paths.ts";
import type { InstallationItem, PackageItem, ProgramItem, RuntimeItem } from "./items/software.ts";
import type {
  ControllersItem,
  LimitsItem,
  ModelItem,
  RunningItem,
  TimerItem,
  UnitItem,
} from "./items/units.ts";
import type { Digest } from "./items/values.ts";

export {
  type GroupItem,
  NAMED_IN,
  OUTSIDE_HOME,
  type RightsItem,
  rightsText,
  type UserItem,
} from "./items/accounts.ts";
export {
  type Cause,
  type Detail,
  type Observation,
  type Observations,
  type Refusal,
  refusalText,
} from "./items/observation.ts";
export type { CheckoutItem, CopyItem, DirectoryItem, FileItem, RowsItem } from "./items/paths.ts";
export type { InstallationItem, PackageItem, ProgramItem, RuntimeItem } from "./items/software.ts";
export {
  type ControllersItem,
  type LimitsItem,
  type ModelItem,
  QUARANTINED,
  type RunningItem,
  type SessionRecords,
  type TimerItem,
  type UnitItem,
} from "./items/units.ts";
export {
  AS_DECLARED,
  type Contents,
  DIFFERENT,
  type Digest,
  type Props,
  type Scalar,
  type SecretDigest,
} from "./items/values.ts";

/**
 * One object on a host that Muster manages, such as a file, a user or a unit. Every resource is a set of
 * named items. An item has an address on the host, and `want` contains its declared properties.
 */
export type HostItem =
  | FileItem
  | DirectoryItem
  | CopyItem
  | CheckoutItem
  | GroupItem
  | UserItem
  | RightsItem
  | PackageItem
  | ProgramItem
  | UnitItem
  | TimerItem
  | ModelItem
  | RunningItem
  | RowsItem
  | RuntimeItem
  | InstallationItem
  | LimitsItem
  | ControllersItem;

export type ItemKind = HostItem["kind"];

/**
 * A resource's items by name. The names are shown to people, for example "SOUL.md", "home" and "unit file".
 */
export type Items = Readonly<Record<string, HostItem>>;

/**
 * Returns the digest of the text that a host needs to compare the parts of an item; undefined for items without parts.
 */
export function comparedText(item: HostItem): Digest | undefined {
  if (item.kind === "rows") return item.want.rows;
  return item.kind === "file" && item.write === "merge" ? (item.want.content as Digest) : undefined;
}
