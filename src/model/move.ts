import type { HistoryEvent } from "./deadman.ts";
import type { Items } from "./items.ts";
import type { LoginRecord } from "./login-record.ts";

/**
 * The progress of an agent's move. Both hosts record it. The old host records `leaving` while its copy of the home is
 * valid, and `gone` afterwards. The new host records `arriving` until the home is completely transferred, `placing`
 * while the home is moved to its final path, and `arrived` until the old host has recorded `gone`. After that, the new
 * host deletes its record of the move.
 */
export type MoveState = "leaving" | "gone" | "arriving" | "placing" | "arrived";

/** A host's record of one agent's move. Each agent that moves has one such record, a root-owned JSON file. */
export interface MoveMark {
  readonly agent: string;
  readonly state: MoveState;
  /**
   * The id of the move. The old host chooses the id, so the id is empty on the new host until the old host has
   * answered.
   */
  readonly move: string;
  /** The other host, as fleet.yaml names it. */
  readonly other: string;
  /** The time when the move began on this host (UTC, ISO 8601). */
  readonly since: string;
  /** Only on the new host: the path of the agent's home. */
  readonly home?: string;
  /** Whether the folder at the home's path is an outdated copy from an earlier move of the agent. */
  readonly isStale?: true;
  /** Whether the agent was running when the move began. */
  readonly ran?: true;
  /** Whether the agent was in quarantine when the move began. */
  readonly held?: true;
}

/** The maximum number of bytes of a home that one request transfers. */
export const MOVE_CHUNK = 2 * 1024 * 1024;

/** The maximum number of events in an agent's history that move with the agent. */
export const MOST_EVENTS = 1000;

/** Stops an agent and keeps it stopped, so that its home can be moved to another host. */
export interface LeaveRequest {
  readonly op: "leave";
  /** The resource that contains the agent's home. */
  readonly id: string;
  readonly owner: string;
  /** The host to which the agent moves. */
  readonly to: string;
}

export interface LeaveAnswer {
  readonly move: string;
  readonly state: "leaving" | "gone";
  /** The agent's history on this host. */
  readonly history: readonly HistoryEvent[];
  /** The host's records of the agent's login files, by path. An older host does not return this field. */
  readonly logins?: Readonly<Record<string, LoginRecord>>;
}

/** Reads the next bytes of the home of an agent that is leaving. */
export interface PackRequest {
  readonly op: "pack";
  readonly id: string;
  readonly owner: string;
  readonly move: string;
  /** Whether to start with the first byte of the home. */
  readonly first: boolean;
}

export interface PackAnswer {
  /** The bytes in base64. */
  readonly bytes: string;
  /** Only with the last bytes: the SHA-256 of all transferred bytes, in hex. */
  readonly sum?: string;
}

/** Prepares a host for an agent that moves to it from another host. */
export interface ArriveRequest {
  readonly op: "arrive";
  /**
   * The id of the resource that will contain the home. `type`, `owner` and `items` describe this resource as
   * it will be applied.
   */
  readonly id: string;
  readonly type: string;
  readonly owner: string;
  readonly items: Items;
  readonly from: string;
  /** The id of the move. If absent, the host only checks whether the agent can move there. */
  readonly move?: string;
}

export interface ArriveAnswer {
  /** `lives`: the agent is already on this host, and no move is in progress. */
  readonly state: "open" | "arrived" | "lives";
}

/**
 * Sends the next bytes of a home to the new host. After the last bytes, the host
 * moves the home to its final path.
 */
export interface UnpackRequest {
  readonly op: "unpack";
  readonly id: string;
  readonly move: string;
  readonly bytes: string;
  /** Only with the last bytes: the SHA-256 that all transferred bytes must have, in hex. */
  readonly sum?: string;
}

export interface UnpackAnswer {
  /** The archive paths of files that were already at the home's path. */
  readonly aside: readonly string[];
}

/**
 * Reports the outcome of a move to one of the two hosts. For the old host, `arrived` means that its copy of the home is
 * no longer valid, and `failed` means that the agent is still on this host. For the new host, `arrived` means that the
 * move is complete.
 */
export interface SettleRequest {
  readonly op: "settle";
  readonly id: string;
  readonly move: string;
  readonly outcome: "arrived" | "failed";
  /** Present only for the new host: the agent's history on the old host. */
  readonly history?: readonly HistoryEvent[];
  /** Present only for the new host: the old host's records of the agent's login files, by path. */
  readonly logins?: Readonly<Record<string, LoginRecord>>;
}

export interface SettleAnswer {
  readonly state: MoveState | "over";
}

/** The requests of a move that change a host. */
export type MoveRequest = LeaveRequest | PackRequest | ArriveRequest | UnpackRequest | SettleRequest;

export interface MoveAnswers {
  readonly leave: LeaveAnswer;
  readonly pack: PackAnswer;
  readonly arrive: ArriveAnswer;
  readonly unpack: UnpackAnswer;
  readonly settle: SettleAnswer;
}
