import type { StackLock } from "./stack-lock.ts";

/** The facts about a state that a run needs before it changes the stack. */
export interface StateRead {
  readonly locks: readonly StackLock[];
  /** Whether a killed run might have left pending operations. */
  readonly isInterrupted: boolean;
  /** Whether the state is from an earlier version of Muster, in which resources had other types. */
  readonly isFormer: boolean;
  /** Whether the state contains the Fleet component, which only a user's own program creates. */
  readonly hasComponent: boolean;
}

/** Whether a state contains the Fleet component. @param text the state as JSON */
export function hasComponent(text: string): boolean {
  return text.includes("muster:index:Fleet::");
}

/** Gives access to a stack's locks, and to the pending operations that killed runs have left in its state. */
export interface Store {
  /**
   * Reads the locks, and checks whether the state needs changes.
   *
   * @param forChange false for a run that changes nothing. Such a run does not need the locks, so the result might not
   *   contain them.
   * @throws MusterError if the state cannot be reached
   */
  read(forChange: boolean): Promise<StateRead>;
  /**
   * Removes locks that `read` returned. For a shared state, this method removes all locks of the stack, because the
   * engine cannot remove a single lock.
   */
  unlock(locks: readonly StackLock[]): Promise<void>;
}
