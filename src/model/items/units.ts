import type { Limit, Limits } from "../limits.ts";

/** A systemd unit's state; its text is a FileItem with `notify` set to this unit. */
export interface UnitItem {
  readonly kind: "unit";
  readonly name: string;
  /** For a unit that Muster did not create: it is changed only if it runs as this user. */
  readonly user?: string;
  /** The unit is left as it is when its resource is removed. */
  readonly onRemove?: "keep";
  readonly want: {
    /** UnitFileState. Absent for a unit that Muster did not create: any state. */
    readonly enabled?: "enabled" | "disabled" | "static";
    /** `running` while active or starting (activating, auto-restart); otherwise `stopped`. Absent: either. */
    readonly active?: "running" | "stopped";
    /** `none`, or the drop-in files that change the unit, joined by a space. Absent: not checked. */
    readonly overrides?: "none";
  };
}

/** A systemd timer, and the service that it starts; the texts of both are FileItems. */
export interface TimerItem {
  readonly kind: "timer";
  readonly name: string;
  readonly service: string;
  /** When it starts the service: calendar events of systemd.time(7), joined by `; `. */
  readonly schedule: string;
  /** The user of the service, which must exist already. */
  readonly user?: string;
  readonly want: {
    readonly enabled: "enabled";
    /** `running` while the timer waits. Whether the service runs at the moment is not declared. */
    readonly active: "running";
    /** The drop-in files of the timer and of the service, as for a unit. */
    readonly overrides: "none";
  };
}

/**
 * The provider and model with which systemd starts a unit. The declared one is the first choice; while one of the `others`
 * is active, that is not drift.
 */
export interface ModelItem {
  readonly kind: "model";
  readonly unit: string;
  /** The command line option that precedes the model; absent: the model is in MUSTER_MODEL. */
  readonly option?: string;
  /** JSON: the other accepted values, by the name of the active provider. */
  readonly others?: string;
  readonly want: {
    readonly provider?: string;
    readonly model?: string;
  };
}

/** The limits of a unit, as the kernel reports them. Only declared limits are observed. */
export interface LimitsItem {
  readonly kind: "limits";
  /** A service or a slice. */
  readonly name: string;
  readonly want: {
    readonly [L in Limit]?: NonNullable<Limits[L]>;
  } & {
    /** The drop-in files, as for a unit; only if there is no UnitItem for it. */
    readonly overrides?: "none";
  };
}

/** Whether the kernel of this host can enforce limits; only declared limits are observed. */
export interface ControllersItem {
  readonly kind: "controllers";
  /** `held`, or why not: `missing`, `read-only`. */
  readonly want: { readonly [L in Limit]?: "held" };
}
