import type { HeartbeatBy } from "../model/deadman.ts";

/** A model and its provider. The provider is named as the runtime itself names it. */
export interface ModelChoice {
  readonly provider?: string;
  readonly model?: string;
}

/** Texts of files, by the path of the file in the agent's home. */
export type Texts = Readonly<Record<string, string>>;

/** How Muster passes provider and model to a runtime. */
export interface Settings {
  /** Arguments that are put before the declared arguments. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Files that the runtime reads when it starts, and must not change. */
  readonly files?: Texts;
}

/** A program that runs agents, such as Claude Code: what Muster must know about it. */
export interface Runtime {
  /**
   * The program's name, which is looked up in the agent's PATH. If absent, fleet.yaml must name the program.
   */
  readonly program?: string;
  /**
   * The names that the runtime's process can have, without version numbers. Empty if any name is accepted.
   */
  readonly processes: readonly string[];
  /**
   * The default heartbeat: `none` for a runtime that may wait for input, because then its silence is normal.
   */
  readonly heartbeat: HeartbeatBy;
  /** The providers that the runtime supports. If absent, all are accepted. */
  readonly providers?: readonly string[];
  /**
   * The path of the runtime's own configuration file in the home. This file may name more providers. Absent
   * if there is no such file.
   */
  readonly providersFile?: string;
  /** The command-line option for the model; absent if there is none. */
  readonly modelOption?: string;
  /** Whether the runtime changes to another provider by itself, so that the deadman does not have to. */
  readonly fallsBack?: true;
  /** The path of the file to which Muster writes the runtime's settings; absent if there is none. */
  readonly settingsFile?: string;
  /**
   * Returns the settings for a provider and a model.
   *
   * @param fallbacks what the runtime uses if the choice fails, in this order; only for a runtime with
   *   `fallsBack`
   */
  settings(choice: ModelChoice, fallbacks?: readonly ModelChoice[]): Settings;
  /**
   * Returns the additional files from which the runtime reads the agent's identity.
   *
   * @param files the declared files of the identity, with SOUL.md among them
   */
  identity(files: Texts): Texts;
}
