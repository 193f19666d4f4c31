import type { GroupItem, UserItem } from "./items/accounts.ts";
import type { DirectoryItem, FileItem, RowsItem } from "./items/paths.ts";
import type { PackageItem, ProgramItem, RuntimeItem } from "./items/software.ts";
import type { ControllersItem, LimitsItem, ModelItem, TimerItem, UnitItem } from "./items/units.ts";

export type { GroupItem, UserItem } from "./items/accounts.ts";
export type { Detail, Observation, Observations } from "./items/observation.ts";
export type { DirectoryItem, FileItem, RowsItem } from "./items/paths.ts";
export type { PackageItem, ProgramItem, RuntimeItem } from "./items/software.ts";
export type { ControllersItem, LimitsItem, ModelItem, TimerItem, UnitItem } from "./items/units.ts";
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
 * One thing on a host that Muster manages, such as a file, a user or a unit. Every resource is a set of named
 * items. An item has an address on the host, and `want` contains its declared properties.
 */
export type HostItem =
  | FileItem
  | DirectoryItem
  | GroupItem
  | UserItem
  | PackageItem
  | ProgramItem
  | UnitItem
  | TimerItem
  | ModelItem
  | RowsItem
  | RuntimeItem
  | LimitsItem
  | ControllersItem;

export type ItemKind = HostItem["kind"];

/** A resource's items by name. People read these names in output: "SOUL.md", "home", "unit file". */
export type Items = Readonly<Record<string, HostItem>>;
