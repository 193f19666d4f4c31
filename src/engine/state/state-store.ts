import type { StackLock } from "./stack-lock.ts";

/** What a state contains that a run must resolve before it changes the stack. */
export interface StateRead {
  readonly locks: readonly StackLock[];
  /** Whether a killed run may have left operations pending. */
  readonly isInterrupted: boolean;
  /** Whether an earlier version, which had other resources, wrote the state. */
  readonly isFormer: boolean;
}

/** Access to a stack's state, for its locks and the traces of killed runs. */
export interface Store {
  /**
   * Reads the locks and whether the state needs changes.
   *
   * @param forChange false for a run that changes nothing: locks do not matter then, and may be omitted
   * @throws MusterError if the state cannot be reached
   */
  read(forChange: boolean): Promise<StateRead>;
  /**
   * Removes locks that `read` returned. On a shared state, the engine can only remove all locks of a stack at
   * once.
   */
  unlock(locks: readonly StackLock[]): Promise<void>;
}
