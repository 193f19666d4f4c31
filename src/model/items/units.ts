import type { Limit, Limits } from "../limits.ts";

/** The state of a systemd unit. The unit's text is a FileItem whose `notify` names this unit. */
export interface UnitItem {
  readonly kind: "unit";
  readonly name: string;
  /** Only for a unit that Muster did not create: the unit is only changed if it runs as this user. */
  readonly user?: string;
  /** If present, the unit is left as it is when its resource is removed. */
  readonly onRemove?: "keep";
  readonly want: {
    /**
     * systemd's UnitFileState. If absent, any state is
     * accepted; this is for units that Muster did not create.
     */
    readonly enabled?: "enabled" | "disabled" | "static";
    /** `running` if the unit is active or activating, otherwise `stopped`. If absent, both are accepted. */
    readonly active?: "running" | "stopped";
    /**
     * `none` if no drop-in file may change the unit. The observed value lists the drop-in files, separated by
     * spaces. If absent, drop-in files are not checked.
     */
    readonly overrides?: "none";
  };
}

/** A systemd timer and the service that it starts. The texts of both units are FileItems. */
export interface TimerItem {
  readonly kind: "timer";
  readonly name: string;
  readonly service: string;
  /** When the timer starts the service: calendar events of systemd.time(7), joined by `; `. */
  readonly schedule: string;
  /** The user that the service runs as. If present, this user must already exist. */
  readonly user?: string;
  readonly want: {
    readonly enabled: "enabled";
    /** `running` means that the timer waits for its next run. The state of the service is not declared. */
    readonly active: "running";
    /** Like `overrides` of UnitItem, but for the timer and the service together. */
    readonly overrides: "none";
  };
}

/**
 * The provider and model with which systemd starts a unit. The declared ones are the agent's first choice. It
 * is not drift if one of the `others` is active.
 */
export interface ModelItem {
  readonly kind: "model";
  readonly unit: string;
  /** The command-line option that precedes the model. If absent, the model is read from MUSTER_MODEL. */
  readonly option?: string;
  /**
   * The models of the agent's other providers as JSON: an object whose keys are names of providers. Absent if
   * there are none.
   */
  readonly others?: string;
  readonly want: {
    readonly provider?: string;
    readonly model?: string;
  };
}

/** The limits of a unit, as the kernel reports them. Only declared limits are observed. */
export interface LimitsItem {
  readonly kind: "limits";
  /** The name of a service or a slice. */
  readonly name: string;
  readonly want: {
    readonly [L in Limit]?: NonNullable<Limits[L]>;
  } & {
    /** Like `overrides` of UnitItem. Present only if the unit has no UnitItem. */
    readonly overrides?: "none";
  };
}

/** Whether the kernel of this host can enforce limits; only declared limits are observed. */
export interface ControllersItem {
  readonly kind: "controllers";
  /** `held` if the kernel can enforce the limit. Otherwise the observed value is `missing` or `read-only`. */
  readonly want: { readonly [L in Limit]?: "held" };
}
