import type { Fleet } from "../config/fleet.ts";
import type { Declaration, ResourceType } from "../model/declaration.ts";
import type { Digest } from "../model/items.ts";

/** What a definition needs besides the fleet. */
export interface Compiler {
  /** Adds a text to the plan's contents, and returns the digest that represents it in an item. */
  keep(text: string): Digest;
  /** The version of the host runtime that this version of Muster installs. */
  readonly runtime: RuntimeVersion;
}

export interface RuntimeVersion {
  /** The first 16 hex digits of the bundle's SHA-256. */
  readonly bundle: string;
  readonly node: string;
}

/** A resource type: a pure function from the fleet to declarations of what should be on which host. */
export interface ResourceDefinition {
  readonly type: ResourceType;
  declare(fleet: Fleet, compiler: Compiler): Declaration[];
}
