import type { StackLock } from "./stack-lock.ts";

/** The facts about a state that a run needs before it changes the stack. */
export interface StateRead {
  readonly locks: readonly StackLock[];
  /** Whether a killed run might have left operations pending. */
  readonly isInterrupted: boolean;
  /** Whether the state is from an earlier version of Muster, which had other resources. */
  readonly isFormer: boolean;
  /** Whether the state contains the component Fleet, which only a program of one's own creates. */
  readonly hasComponent: boolean;
}

/** Whether a state contains the component Fleet. @param text the state as JSON */
export function hasComponent(text: string): boolean {
  return text.includes("muster:index:Fleet::");
}

/** Gives access to a stack's locks, and to the pending operations that killed runs have left in its state. */
export interface Store {
  /**
   * Reads the locks, and finds out whether the state needs changes.
   *
   * @param forChange false for a run that changes nothing; such a run does not need the locks, so the result
   *   might not contain them
   * @throws MusterError if the state cannot be reached
   */
  read(forChange: boolean): Promise<StateRead>;
  /**
   * Removes locks that `read` returned. For a shared state, this removes all locks of the stack, because the
   * engine cannot remove a single one.
   */
  unlock(locks: readonly StackLock[]): Promise<void>;
}
