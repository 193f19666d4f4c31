import type { Fleet } from "../config/fleet.ts";
import type { Declaration, ResourceType } from "../model/declaration.ts";
import type { Digest } from "../model/items.ts";

/** The functions and values that a definition needs in addition to the fleet. */
export interface Compiler {
  /** Adds a text to the contents of the plan. Returns the digest that represents the text in an item. */
  keep(text: string): Digest;
  /** The version of the host runtime that this version of Muster installs. */
  readonly runtime: RuntimeVersion;
}

export interface RuntimeVersion {
  /** The first 16 hex digits of the bundle's SHA-256. */
  readonly bundle: string;
  readonly node: string;
}

/**
 * A resource type: a pure function that converts a fleet to declarations. Each declaration contains the wanted items of
 * one resource on a host.
 */
export interface ResourceDefinition {
  readonly type: ResourceType;
  declare(fleet: Fleet, compiler: Compiler): Declaration[];
}
