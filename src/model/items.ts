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
 * The vocabulary that every part of Muster shares: a resource is a set of named host items, each with an address on
 * the host and the flat properties that are declared for it.
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

/** A resource's items by the name a person reads: "SOUL.md", "home", "unit file". */
export type Items = Readonly<Record<string, HostItem>>;
