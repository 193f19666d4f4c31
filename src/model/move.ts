import type { HistoryEvent } from "./deadman.ts";
import type { Items } from "./items.ts";

/**
 * How far a move of an agent has come, as each of its two hosts remembers it. On the old host: `leaving` while the
 * home there is the true one, `gone` from then on. On the new host: `arriving` until the whole home is there,
 * `placing` while it is put in place, `arrived` until the old host has let it go; nothing after that.
 */
export type MoveState = "leaving" | "gone" | "arriving" | "placing" | "arrived";

/** Root-owned JSON, one file for each agent. */
export interface MoveMark {
  readonly agent: string;
  readonly state: MoveState;
  /** The permanent name of one move; empty on the new host until the old one is asked. */
  readonly move: string;
  /** The other host, as fleet.yaml names it. */
  readonly other: string;
  /** UTC, ISO 8601. */
  readonly since: string;
  /** On the new host: the path of its home. */
  readonly home?: string;
  /** Whether the folder at the home's path is a copy that the agent left there in an earlier move. */
  readonly isStale?: true;
  /** Whether the agent was running when it was asked to leave. */
  readonly ran?: true;
  /** Whether it was in quarantine at that time. */
  readonly held?: true;
}

/** Bytes of a home that one request transfers. */
export const MOVE_CHUNK = 2 * 1024 * 1024;

/** At most so many events of an agent's history move with it. */
export const MOST_EVENTS = 1000;

/** Stops an agent for good, so that its home can be carried to another host. */
export interface LeaveRequest {
  readonly op: "leave";
  /** The resource that has its home. */
  readonly id: string;
  readonly owner: string;
  /** The host that it moves to. */
  readonly to: string;
}

export interface LeaveAnswer {
  readonly move: string;
  readonly state: "leaving" | "gone";
  /** Its history on this host. */
  readonly history: readonly HistoryEvent[];
}

/** Returns the next bytes of a home whose agent has left. */
export interface PackRequest {
  readonly op: "pack";
  readonly id: string;
  readonly owner: string;
  readonly move: string;
  /** Starts from the beginning. */
  readonly first: boolean;
}

export interface PackAnswer {
  /** Base64. */
  readonly bytes: string;
  /** With the last bytes: SHA-256 of all of them, in hex. */
  readonly sum?: string;
}

/** Prepares a host for an agent that comes from another host. */
export interface ArriveRequest {
  readonly op: "arrive";
  /** The resource that will have its home, as it will be converged. */
  readonly id: string;
  readonly type: string;
  readonly owner: string;
  readonly items: Items;
  readonly from: string;
  /** Left out: only checks that the agent could come. */
  readonly move?: string;
}

export interface ArriveAnswer {
  /** `lives`: it is here already and not moving. */
  readonly state: "open" | "arrived" | "lives";
}

/** Receives the next bytes of a home. After the last ones the home is put in place. */
export interface UnpackRequest {
  readonly op: "unpack";
  readonly id: string;
  readonly move: string;
  readonly bytes: string;
  /** With the last bytes: the SHA-256 that all of them must have. */
  readonly sum?: string;
}

export interface UnpackAnswer {
  /** The path that something in the home's place was moved to. */
  readonly aside: readonly string[];
}

/**
 * Tells each host what the other one has done. `arrived` on the old host: its home is not the true one any more; on
 * the new host: the move is complete. `failed` on the old host: the agent stays there and keeps running.
 */
export interface SettleRequest {
  readonly op: "settle";
  readonly id: string;
  readonly move: string;
  readonly outcome: "arrived" | "failed";
  /** For the new host: the agent's history on the old one. */
  readonly history?: readonly HistoryEvent[];
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
