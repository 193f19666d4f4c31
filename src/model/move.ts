import type { HistoryEvent } from "./deadman.ts";
import type { Items } from "./items.ts";

/**
 * How far a move of an agent came, as each of its two hosts remembers it. On the old host: `leaving` while its home
 * there is the true one, `gone` from then on. On the new host: `arriving` until all of the home is there, `placing`
 * while it is put in its place, `arrived` until the old host has let it go; after that nothing.
 */
export type MoveState = "leaving" | "gone" | "arriving" | "placing" | "arrived";

/** Root-owned JSON, one file an agent. */
export interface MoveMark {
  readonly agent: string;
  readonly state: MoveState;
  /** Names one move for good; empty on the new host until the old one is asked. */
  readonly move: string;
  /** The other host, as fleet.yaml names it. */
  readonly other: string;
  /** UTC, ISO 8601. */
  readonly since: string;
  /** On the new host: the path of its home. */
  readonly home?: string;
  /** Whether what stands at the home's place is a copy that the agent left behind there once. */
  readonly isStale?: true;
  /** Whether the agent ran when it was asked to leave. */
  readonly ran?: true;
  /** Whether it was in quarantine then. */
  readonly held?: true;
}

/** Bytes of a home that travel in one request. */
export const MOVE_CHUNK = 2 * 1024 * 1024;

/** Of what happened to an agent at most so many events go with it. */
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
  /** What happened to it here. */
  readonly history: readonly HistoryEvent[];
}

/** Gives the next bytes of a home that is left. */
export interface PackRequest {
  readonly op: "pack";
  readonly id: string;
  readonly owner: string;
  readonly move: string;
  /** Begins anew. */
  readonly first: boolean;
}

export interface PackAnswer {
  /** Base64. */
  readonly bytes: string;
  /** With the last bytes: SHA-256 of all of them, in hex. */
  readonly sum?: string;
}

/** Makes room for an agent that comes from another host. */
export interface ArriveRequest {
  readonly op: "arrive";
  /** The resource that is to have its home, as it will be converged then. */
  readonly id: string;
  readonly type: string;
  readonly owner: string;
  readonly items: Items;
  readonly from: string;
  /** Left out: only sees to it that the agent could come. */
  readonly move?: string;
}

export interface ArriveAnswer {
  /** `lives`: it is here already, and not on the way. */
  readonly state: "open" | "arrived" | "lives";
}

/** Takes the next bytes of a home; with the last ones it is put in its place. */
export interface UnpackRequest {
  readonly op: "unpack";
  readonly id: string;
  readonly move: string;
  readonly bytes: string;
  /** With the last bytes: what all of them must sum up to. */
  readonly sum?: string;
}

export interface UnpackAnswer {
  /** Where something was moved aside that stood in the home's place. */
  readonly aside: readonly string[];
}

/**
 * Tells each host of what the other has done. `arrived` on the old one: the home is not the true one any more; on the
 * new one: the move is over. `failed` on the old one: the agent stays, and runs on.
 */
export interface SettleRequest {
  readonly op: "settle";
  readonly id: string;
  readonly move: string;
  readonly outcome: "arrived" | "failed";
  /** For the new host: what happened to the agent on the old one. */
  readonly history?: readonly HistoryEvent[];
}

export interface SettleAnswer {
  readonly state: MoveState | "over";
}

/** What changes a host in the course of a move. */
export type MoveRequest = LeaveRequest | PackRequest | ArriveRequest | UnpackRequest | SettleRequest;

export interface MoveAnswers {
  readonly leave: LeaveAnswer;
  readonly pack: PackAnswer;
  readonly arrive: ArriveAnswer;
  readonly unpack: UnpackAnswer;
  readonly settle: SettleAnswer;
}
