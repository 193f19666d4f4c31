import type { StackLock } from "./stack-lock.ts";

/** What a run must know about a state, and may have to resolve, before it changes the stack. */
export interface StateRead {
  readonly locks: readonly StackLock[];
  /** Whether a killed run may have left operations pending. */
  readonly isInterrupted: boolean;
  /** Whether the state is from an earlier version of Muster, which had other resources. */
  readonly isFormer: boolean;
}

/** Gives access to a stack's locks, and to what killed runs left in the stack's state. */
export interface Store {
  /**
   * Reads the locks, and finds out whether the state needs changes.
   *
   * @param forChange false for a run that changes nothing; to such a run locks do not matter, so they may be
   *   omitted
   * @throws MusterError if the state cannot be reached
   */
  read(forChange: boolean): Promise<StateRead>;
  /**
   * Removes locks that `read` returned. For a shared state, this removes all locks of the stack, because the
   * engine cannot remove a single one.
   */
  unlock(locks: readonly StackLock[]): Promise<void>;
}
