import type { HeartbeatBy } from "../model/deadman.ts";

/** Which model of which provider, the provider in the runtime's own word for it. */
export interface ModelChoice {
  readonly provider?: string;
  readonly model?: string;
}

/** Files by their path in the agent's home. */
export type Texts = Readonly<Record<string, string>>;

/** How a runtime is told of its provider and model. */
export interface Settings {
  /** Words after the program, before those that are declared. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What it reads when it starts, and must not change itself. */
  readonly files?: Texts;
}

/** A program that is an agent's mind, as far as it differs from others of its kind: facts, and pure functions. */
export interface Runtime {
  /** What starts it, found in the agent's PATH; left out where fleet.yaml must say. */
  readonly program?: string;
  /** The names of its process, one of them: its own, or that of its file without a version. None: any. */
  readonly processes: readonly string[];
  /** How it beats where nothing is declared. One that waits for somebody at a silent prompt does not hang. */
  readonly heartbeat: HeartbeatBy;
  /** The providers that it knows by itself; left out: any. */
  readonly providers?: readonly string[];
  /** Its own configuration, by its path in the home, which may name more of them. */
  readonly providersFile?: string;
  /** The option of its command line before the model. */
  readonly modelOption?: string;
  /** That it goes to another provider by itself, and so needs no deadman for that. */
  readonly fallsBack?: true;
  /** The file that settings are in, where they are. */
  readonly settingsFile?: string;
  /** @param fallbacks what it goes to where the choice fails, in this order; only for one that falls back by itself */
  settings(choice: ModelChoice, fallbacks?: readonly ModelChoice[]): Settings;
  /**
   * Where it reads who it is: the files of an identity as they must lie for it, besides where they are declared.
   *
   * @param files those of the identity, SOUL.md among them
   */
  identity(files: Texts): Texts;
}
