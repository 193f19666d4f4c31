/** A resource of a vendor in the engine's state, as the launcher passes it to the provider. */
export interface RecordedId {
  /** The token of the type, such as `digitalocean:index/volume:Volume`. */
  readonly type: string;
  readonly name: string;
  /** The vendor's ID. */
  readonly id: string;
  /** Whether the engine refuses to delete the resource. */
  readonly isProtected: boolean;
  /** Whether the resource has been replaced, and only its deletion is pending. */
  readonly isLeaving: boolean;
}

/**
 * The environment variable with the path of a JSON file that contains a list of RecordedId. It is set only if
 * the launcher has started the engine.
 */
export const RECORDED_IDS = "MUSTER_RECORDED_IDS";
