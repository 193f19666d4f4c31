import type { Limit, Limits } from "../unit-limits.ts";

/** The observed state of a unit that was restarted too often and is kept stopped. It is never declared. */
export const QUARANTINED = "quarantined";

/** The state of a systemd unit. The unit's text is a FileItem with this unit's name in `notify`. */
export interface UnitItem {
  readonly kind: "unit";
  readonly name: string;
  /**
   * Present only for a unit that Muster did not create. Muster changes the unit only if it runs as this user.
   */
  readonly user?: string;
  /** Only for a unit that Muster did not create: the agent's own unit, which takes over from this unit. */
  readonly successor?: string;
  /**
   * Only for a unit or session that Muster did not create and that the system's systemd does not run. `user`: the
   * systemd of `user` runs the unit. `tmux`: this is the session `name` of a tmux server of `user`.
   */
  readonly manager?: "user" | "tmux";
  /** The path of the tmux server's socket. Present only if `manager` is `tmux`. */
  readonly socket?: string;
  /** If present, the unit is not changed when its resource is removed. */
  readonly onRemove?: "keep";
  readonly want: {
    /** systemd's UnitFileState. If absent, any state is accepted. Absent only for units that Muster did not create. */
    readonly enabled?: "enabled" | "disabled" | "static";
    /** `running` if the unit is active or activating, otherwise `stopped`. If absent, both are accepted. */
    readonly active?: "running" | "stopped";
    /**
     * `none` if no drop-in file is allowed to change the unit. The observed value lists the drop-in files,
     * separated by spaces. If absent, drop-in files are not checked.
     */
    readonly overrides?: "none";
  };
}

/** A systemd timer and the service that it starts. The texts of both units are FileItems. */
export interface TimerItem {
  readonly kind: "timer";
  readonly name: string;
  readonly service: string;
  /** The schedule on which the timer starts the service: calendar events of systemd.time(7), joined by `; `. */
  readonly schedule: string;
  /** The user as which the service runs. If present, this user must already exist. */
  readonly user?: string;
  readonly want: {
    readonly enabled: "enabled";
    /** `running` means that the timer waits for its next run. The state of the service is not declared. */
    readonly active: "running";
    /** See `overrides` of UnitItem; here for both the timer and the service. */
    readonly overrides: "none";
  };
}

/** The runtimes that record the model of each session in a file. */
export type SessionRecords = "claude" | "codex" | "pi";

/**
 * The provider and model with which systemd starts a unit, and which the unit's session uses. The declared values are
 * the values for the agent's first provider. It is not drift if a provider in `others` is active instead.
 */
export interface ModelItem {
  readonly kind: "model";
  readonly unit: string;
  /** The command-line option that precedes the model. If absent, the model is in the variable MUSTER_MODEL. */
  readonly option?: string;
  /**
   * The models of the agent's other providers as JSON: an object with the providers' names as keys. Absent if
   * the agent has only one provider.
   */
  readonly others?: string;
  /** The runtime whose session records Muster reads; absent if Muster cannot read the records of sessions. */
  readonly sessions?: SessionRecords;
  /** The user that runs the sessions, and the home with the records. Present together with `sessions`. */
  readonly user?: string;
  readonly home?: string;
  readonly want: {
    readonly provider?: string;
    readonly model?: string;
  };
}

/** The runtime version from which an agent's process runs, and the setting of the runtime's own updater. */
export interface RunningItem {
  readonly kind: "running";
  readonly unit: string;
  /** The name in `runtimes` of fleet.yaml. */
  readonly name: string;
  /** The words in the unit's environment or command that disable the updater; separated by spaces. */
  readonly off?: string;
  readonly want: {
    /** The name of the installation's folder. If the agent does not run, the observed value is the declared value. */
    readonly running: string;
    /** Present only for runtimes with an updater. */
    readonly updater?: "off";
  };
}

/** The limits of a unit that the kernel reports. Only declared limits are observed. */
export interface LimitsItem {
  readonly kind: "limits";
  /** The name of a service or a slice. */
  readonly name: string;
  readonly want: {
    readonly [L in Limit]?: NonNullable<Limits[L]>;
  } & {
    /** See `overrides` of UnitItem. Present only if the unit has no UnitItem. */
    readonly overrides?: "none";
  };
}

/** Whether the host's kernel can enforce limits. Only declared limits are observed. */
export interface ControllersItem {
  readonly kind: "controllers";
  /** `held` if the kernel can enforce the limit. Otherwise, the observed value is `missing` or `read-only`. */
  readonly want: { readonly [L in Limit]?: "held" };
}
