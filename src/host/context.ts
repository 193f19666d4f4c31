import { basename, dirname } from "node:path";
import {
  ARCHIVES_DIR,
  ASIDE_DIR,
  CONTENTS_DIR,
  HOSTD_DIR,
  HOSTD_RUN_DIR,
  IDENTITIES_DIR,
  INSTALLATIONS_DIR,
  INSTALLED_UNIT_DIR,
  KEY_FILE,
  LOCK_FILE,
  METRICS_DIR,
  RECORDS_DIR,
  STATE_DIR,
  UNIT_DIR,
} from "../model/host-paths.ts";
import type { HostRecord } from "../model/host-record.ts";
import type { Items } from "../model/items.ts";
import type { ObserveAnswer } from "../model/protocol.ts";
import { loginUids } from "./accounts/login-users.ts";
import { type RunProgram, runProgram } from "./system/run-program.ts";

/**
 * The environment of the host runtime, such as its paths and the function that runs programs. Tests replace this
 * environment.
 */
export interface Host {
  /** The version of the installed bundle: the hash in the name of its folder. */
  readonly bundle: string;
  /** The path of this program. The program uses this path to start itself as another user. */
  readonly program: string;
  readonly paths: Paths;
  readonly run: RunProgram;
  readonly hooks: readonly LifecycleHooks[];
  /** The uids of the users that are logged in for this session, except root. */
  readonly loginUids: ReadonlySet<number>;
  /** The gate through which this session was opened; absent in a root session. */
  readonly gate?: SessionGate;
}

/**
 * Functions with which a feature, such as moves, takes part in changes to resources. The reconciler and
 * `control` call these functions.
 */
export interface LifecycleHooks {
  /** Called before a resource is changed. @throws to refuse the change */
  beforeConverge(host: Host, id: string, items: Items): void;
  /**
   * Returns the items to remove with a resource, and the items that existed before Muster and are restored. A hook can
   * change the items' `onRemove`, and can omit items.
   */
  toRemove(host: Host, resource: RemovedResource): RemovedResource;
  /** Called after a resource's items have been removed, and before its record is deleted. */
  afterRemove(host: Host, id: string): void;
  /** Called before a person starts or releases a unit. @throws to refuse the request */
  beforeStart(host: Host, agent: string, unit: string): void;
  /** Returns the data that the feature adds to an observation of the host. */
  addToObservation(host: Host): Pick<ObserveAnswer, "moves">;
}

export type RemovedResource = Pick<HostRecord, "id" | "items" | "found">;

export interface SessionGate {
  /** The gate's Linux account. */
  readonly account: string;
  /** Whether this session is allowed to read the stored bytes with this digest. */
  holds(digest: string): boolean;
}

export interface Paths {
  readonly state: string;
  readonly records: string;
  readonly contents: string;
  /** The folder with the pinned versions of runtimes. */
  readonly installations: string;
  /** The folder with the digests of the agents' identities. */
  readonly identities: string;
  /** The folder with the archives from which a version is about to be installed, by session. */
  readonly archives: string;
  readonly key: string;
  readonly lock: string;
  readonly aside: string;
  readonly units: string;
  /** The folder in memory with units and links that last until the next boot. */
  readonly runtimeUnits: string;
  /** The folder of the drop-ins that Muster adds to the units of services. */
  readonly settings: string;
  /** The folder of `passwd` and `group`. */
  readonly etc: string;
  /** The folder in which crontab(1) keeps users' crontabs. */
  readonly crontabs: string;
  /** The folder in which at(1) keeps its jobs. */
  readonly atJobs: string;
  /** The folder in which systemd-logind keeps a file for each user that lingers. */
  readonly linger: string;
  /** The file that lists the mounts, as this program sees them. */
  readonly mounts: string;
  /** The folder of dpkg's package database. */
  readonly dpkg: string;
  /** The folder in which packages install programs. */
  readonly programs: string;
  /** A root-owned folder in memory, for short-lived files. */
  readonly scratch: string;
  /** The folder on the disk in which the deadman keeps its files. */
  readonly hostd: string;
  /** The folder in memory in which the deadman publishes its view. */
  readonly hostdView: string;
  /**
   * The folder from which prometheus-node-exporter reads metrics. The folder exists only if the exporter is installed.
   */
  readonly metrics: string;
}

const PATHS: Paths = {
  state: STATE_DIR,
  records: RECORDS_DIR,
  contents: CONTENTS_DIR,
  installations: INSTALLATIONS_DIR,
  identities: IDENTITIES_DIR,
  archives: ARCHIVES_DIR,
  key: KEY_FILE,
  lock: LOCK_FILE,
  aside: ASIDE_DIR,
  units: UNIT_DIR,
  runtimeUnits: "/run/systemd/system",
  settings: INSTALLED_UNIT_DIR,
  etc: "/etc",
  crontabs: "/var/spool/cron/crontabs",
  atJobs: "/var/spool/cron/atjobs",
  linger: "/var/lib/systemd/linger",
  mounts: "/proc/self/mounts",
  dpkg: "/var/lib/dpkg",
  programs: "/usr/bin",
  scratch: "/run",
  hostd: HOSTD_DIR,
  hostdView: HOSTD_RUN_DIR,
  metrics: METRICS_DIR,
};

/** Describes the host that this program runs on. @param file the path of the bundle */
export function thisHost(file: string, hooks: readonly LifecycleHooks[]): Host {
  let uids: ReadonlySet<number> | undefined;
  return {
    bundle: bundleVersion(file),
    program: file,
    paths: PATHS,
    run: runProgram,
    hooks,
    get loginUids() {
      uids ??= loginUids();
      return uids;
    },
  };
}

function bundleVersion(file: string): string {
  return /^bundle-(.+)$/.exec(basename(dirname(file)))?.[1] ?? "development";
}
