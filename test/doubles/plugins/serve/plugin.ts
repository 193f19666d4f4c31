import type { Json, Properties } from "./values.ts";

/** One resource type of a plugin. The plugin passes errors on to the engine unchanged. */
export interface ResourceType {
  /** @param name the resource's name in the program */
  check(inputs: Properties, olds: Properties, name: string): Checked;
  diff(state: Properties, inputs: Properties): Diff;
  /** Returns the outputs that a preview shows for a resource that does not exist yet. */
  foreseen(inputs: Properties): Properties;
  create(inputs: Properties, call: Call): Promise<Made>;
  /** @returns undefined if the resource does not exist */
  read(id: string, inputs: Properties, state: Properties): Promise<Actual | undefined>;
  update(id: string, state: Properties, inputs: Properties, call: Call): Promise<Properties>;
  delete(id: string, state: Properties, call: Call): Promise<void>;
}

export interface Call {
  /** The resource's name in the program. */
  readonly name: string;
  /** In seconds. Undefined if the program does not set a timeout. */
  readonly timeout: number | undefined;
  /** Aborted when the engine cancels the run. */
  readonly signal: AbortSignal;
  log(severity: "info" | "warning", text: string): void;
}

export interface Checked {
  readonly inputs: Properties;
  readonly failures: readonly { readonly property: string; readonly reason: string }[];
}

export interface Made {
  readonly id: string;
  readonly state: Properties;
}

export interface Actual extends Made {
  readonly inputs: Properties;
}

export type Kind = "add" | "delete" | "update";

export interface Diff {
  /** The changes by property path. */
  readonly changes: Readonly<Record<string, { readonly kind: Kind; readonly replace: boolean }>>;
  readonly deleteBeforeReplace: boolean;
}

export type PluginFunction = (args: Properties) => Promise<Properties>;

export interface Plugin {
  readonly version: string;
  /** The resource types by token. */
  readonly types: Readonly<Record<string, ResourceType>>;
  /** The functions by token. */
  readonly functions: Readonly<Record<string, PluginFunction>>;
  /** Adds the settings that the configuration omits. */
  checkConfig(config: Properties): Properties;
  configure(config: Properties): void;
}

/**
 * An error that means that the resource exists, but is not as declared. The engine keeps the resource, with the reason.
 */
export class PartialError extends Error {
  readonly made: Made;

  constructor(made: Made, message: string) {
    super(message);
    this.made = made;
  }
}

export type { Json, Properties };
