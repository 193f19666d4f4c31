import type { Draw } from "../random.ts";

/** A user to plant. */
export interface Person {
  readonly name: string;
  readonly home: string;
}

/** The things to plant on a host, and the lines that Muster must print about these things. */
export interface Planted {
  /** A script that runs as root before systemd reads its files. */
  readonly plant: string;
  /** A script that runs as root after systemd has read its files. */
  readonly start?: string;
  /** A pattern for each line that `fleet import` must print below "Not declared" about the planted things. */
  readonly listed?: readonly RegExp[];
  /** The former services and sessions, with their users, of agents that get new users. */
  readonly elsewhere?: readonly string[];
  /** Whether an agent among `elsewhere` keeps its user, so that the import reads the files in the user's home. */
  readonly keepsUser?: true;
}

/** A service that becomes an agent. */
export interface PlantedAgent extends Planted {
  readonly unit: string;
  /** Whether the service does not run, although it starts at boot. */
  readonly isDown?: boolean;
  /** A part of the agent's declaration. */
  readonly declared?: object;
  /** The values that the proposal moves from the command to variables, by the variable. */
  readonly ofCommand?: Readonly<Record<string, string>>;
}

/** The texts of a person's identity files, by their path in the home. */
export type IdentityTexts = Readonly<Record<string, string>>;

/** The rights of a user beyond its own files. `keys` is the number of the user's SSH keys. */
export interface PlantedRights {
  readonly groups?: readonly string[];
  readonly sudo?: readonly string[];
  readonly keys?: number;
  readonly linger?: boolean;
  readonly files?: readonly string[];
}

/** A person's belongings in addition to a program: files, a contact book, or rights. */
export interface PlantedBelongings extends Planted {
  /** The declarations of the import if the person is an agent. */
  readonly texts?: IdentityTexts;
  readonly rights?: PlantedRights;
}

/** The ways to start a person's program: one function for each way, by its name. */
export type Ways<P extends Planted> = Readonly<Record<string, (person: Person, draw: Draw) => P>>;

/** The program that every planted service starts. It never starts another process. */
export const AGENT = "/usr/local/bin/agent";

/** Escapes a text for a pattern. */
export function literal(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
