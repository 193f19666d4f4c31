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

/** Where this host keeps things, and how it runs other programs; tests have their own. */
export interface Host {
  /** The installed bundle's version: the hash in its folder's name. */
  readonly bundle: string;
  /** This program's own file, for what it starts as another user. */
  readonly program: string;
  readonly paths: Paths;
  readonly run: RunProgram;
  readonly hooks: readonly LifecycleHooks[];
  /** The gate of this session; left out for a session of root. */
  readonly gate?: SessionGate;
}

/** What a feature does at points in the life of a resource, which the reconciler and `control` call. */
export interface LifecycleHooks {
  /** Called before anything of a resource is changed. @throws to refuse the change */
  beforeConverge(host: Host, id: string, items: Items): void;
  /** A resource's items as they should be removed. */
  itemsToRemove(host: Host, id: string, items: Items): Items;
  /** Called when the items of a resource have been removed, before its record is. */
  afterRemove(host: Host, id: string): void;
  /** Called before a person starts or releases a unit. @throws to refuse it */
  beforeStart(host: Host, agent: string, unit: string): void;
  /** What the feature adds to an observation of the host. */
  addToObservation(host: Host): Pick<ObserveAnswer, "moves">;
}

export interface SessionGate {
  /** Its Linux account. */
  readonly account: string;
  /** Whether bytes that the host keeps are among those that this session may have, by their digest. */
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
  /** Holds what Muster adds to units of services. */
  readonly settings: string;
  /** Holds passwd and group. */
  readonly etc: string;
  /** Where crontab(1) keeps users' crontabs. */
  readonly crontabs: string;
  /** Where people, and systemd-run for them, put units. */
  readonly unitFolders: readonly string[];
  /** What is mounted, as this program sees it. */
  readonly mounts: string;
  /** What dpkg knows of the packages. */
  readonly dpkg: string;
  /** A root-owned place in memory for copies that live for milliseconds. */
  readonly scratch: string;
  /** What the deadman keeps, and what it shows. */
  readonly hostd: string;
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

/** This host, for the bundle at `file`. */
export function thisHost(file: string, hooks: readonly LifecycleHooks[]): Host {
  return { bundle: bundleVersion(file), program: file, paths: PATHS, run: runProgram, hooks };
}

function bundleVersion(file: string): string {
  return /^bundle-(.+)$/.exec(basename(dirname(file)))?.[1] ?? "development";
}
