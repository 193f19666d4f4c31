import { basename, dirname } from "node:path";
import {
  ASIDE_DIR,
  CONTENTS_DIR,
  HOSTD_DIR,
  HOSTD_RUN_DIR,
  INSTALLED_UNIT_DIR,
  KEY_FILE,
  LOCK_FILE,
  RECORDS_DIR,
  STATE_DIR,
  UNIT_DIR,
} from "../model/host-paths.ts";
import type { Items } from "../model/items.ts";
import type { ObserveAnswer } from "../model/protocol.ts";
import { type RunProgram, runProgram } from "./system/run-program.ts";

/** The environment of the host runtime, such as its paths and how it runs programs; tests replace it. */
export interface Host {
  /** The version of the installed bundle: the hash in the name of its folder. */
  readonly bundle: string;
  /** The path of this program, which uses it to start itself again as another user. */
  readonly program: string;
  readonly paths: Paths;
  readonly run: RunProgram;
  readonly hooks: readonly LifecycleHooks[];
  /** The gate through which this session was opened; absent in a root session. */
  readonly gate?: SessionGate;
}

/** A feature's hooks into the life of a resource. The reconciler and `control` call them. */
export interface LifecycleHooks {
  /** Called before a resource is changed. @throws to refuse the change */
  beforeConverge(host: Host, id: string, items: Items): void;
  /** Returns the items to remove for a resource; a hook may change their `onRemove`. */
  itemsToRemove(host: Host, id: string, items: Items): Items;
  /** Called after a resource's items have been removed, and before its record is deleted. */
  afterRemove(host: Host, id: string): void;
  /** Called before a person starts or releases a unit. @throws to refuse the request */
  beforeStart(host: Host, agent: string, unit: string): void;
  /** Returns the feature's part of an observation of the host. */
  addToObservation(host: Host): Pick<ObserveAnswer, "moves">;
}

export interface SessionGate {
  /** The gate's Linux account. */
  readonly account: string;
  /** Whether this session may read the stored bytes with this digest. */
  holds(digest: string): boolean;
}

export interface Paths {
  readonly state: string;
  readonly records: string;
  readonly contents: string;
  readonly key: string;
  readonly lock: string;
  readonly aside: string;
  readonly units: string;
  /** The folder of the drop-ins that Muster adds to the units of services. */
  readonly settings: string;
  /** The folder of `passwd` and `group`. */
  readonly etc: string;
  /** The folder in which crontab(1) keeps users' crontabs. */
  readonly crontabs: string;
  /** The folders in which people, and systemd-run on their behalf, create units. */
  readonly unitFolders: readonly string[];
  /** The file that lists the mounts, as this program sees them. */
  readonly mounts: string;
  /** The folder of dpkg's package database. */
  readonly dpkg: string;
  /** A root-owned folder in memory, for copies that exist for milliseconds. */
  readonly scratch: string;
  /** The folder on the disk in which the deadman keeps its files. */
  readonly hostd: string;
  /** The folder in memory in which the deadman publishes its view. */
  readonly hostdView: string;
}

const PATHS: Paths = {
  state: STATE_DIR,
  records: RECORDS_DIR,
  contents: CONTENTS_DIR,
  key: KEY_FILE,
  lock: LOCK_FILE,
  aside: ASIDE_DIR,
  units: UNIT_DIR,
  settings: INSTALLED_UNIT_DIR,
  etc: "/etc",
  crontabs: "/var/spool/cron/crontabs",
  unitFolders: [UNIT_DIR, "/usr/local/lib/systemd/system", "/run/systemd/system", "/run/systemd/transient"],
  mounts: "/proc/self/mounts",
  dpkg: "/var/lib/dpkg",
  scratch: "/run",
  hostd: HOSTD_DIR,
  hostdView: HOSTD_RUN_DIR,
};

/** Describes the host that this program runs on. @param file the path of the bundle */
export function thisHost(file: string, hooks: readonly LifecycleHooks[]): Host {
  return { bundle: bundleVersion(file), program: file, paths: PATHS, run: runProgram, hooks };
}

function bundleVersion(file: string): string {
  return /^bundle-(.+)$/.exec(basename(dirname(file)))?.[1] ?? "development";
}
