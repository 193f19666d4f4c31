import type { HeartbeatBy } from "../model/deadman.ts";

/** Which model of which provider. The provider has the runtime's own name for it. */
export interface ModelChoice {
  readonly provider?: string;
  readonly model?: string;
}

/** Files by their path in the agent's home. */
export type Texts = Readonly<Record<string, string>>;

/** How a runtime learns its provider and model. */
export interface Settings {
  /** Arguments after the program and before the declared ones. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Files that it reads when it starts, and must not change itself. */
  readonly files?: Texts;
}

/** A program that runs an agent: the facts in which it differs from other runtimes, and pure functions. */
export interface Runtime {
  /** The program that starts it, found in the agent's PATH. Left out where fleet.yaml must name it. */
  readonly program?: string;
  /** The names that its process can have: its own, or that of its file without a version. Empty: any name. */
  readonly processes: readonly string[];
  /** Its heartbeat by default. A runtime that waits at a prompt does not hang. */
  readonly heartbeat: HeartbeatBy;
  /** The providers that it supports. Left out: any. */
  readonly providers?: readonly string[];
  /** Its own configuration file, by its path in the home, which may name more providers. */
  readonly providersFile?: string;
  /** The command-line option for the model. */
  readonly modelOption?: string;
  /** It changes to another provider by itself, so that the deadman does not have to. */
  readonly fallsBack?: true;
  /** The file that its settings are written to, if there is one. */
  readonly settingsFile?: string;
  /** @param fallbacks what it uses next where the choice fails, in this order; only if it falls back by itself */
  settings(choice: ModelChoice, fallbacks?: readonly ModelChoice[]): Settings;
  /**
   * Finds where it reads its identity: files besides those that are declared.
   *
   * @param files those of the identity, with SOUL.md
   */
  identity(files: Texts): Texts;
}
