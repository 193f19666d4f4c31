import type { StackLock } from "./stack-lock.ts";

/** What hinders the next run on a stack. */
export interface StateRead {
  readonly locks: readonly StackLock[];
  /** A killed run may have left operations pending. */
  readonly isInterrupted: boolean;
  /** It was written by a version that had other resources. */
  readonly isFormer: boolean;
}

/** Where a stack's state is kept, as far as locks and killed runs go. */
export interface Store {
  /**
   * @param forChange false where nothing is to be changed: locks hinder nobody then, and may be left out
   * @throws MusterError where the state cannot be reached
   */
  look(forChange: boolean): Promise<StateRead>;
  /** Removes locks that `look` told; on a shared state the engine can only remove all of a stack's at once. */
  unlock(locks: readonly StackLock[]): Promise<void>;
}
