import { join } from "node:path";
import { type Limit, memoryText, UNLIMITED } from "../../model/unit-limits.ts";
import { readTextIfPresent } from "./read-if-present.ts";

/** The controller of each limit, and the files of a cgroup that contain the limit, in cgroup v2 and v1. */
const CONTROLLERS: Readonly<Record<Limit, { name: string; v2: string; v1: readonly string[] }>> = {
  memory: { name: "memory", v2: "memory.max", v1: ["memory.limit_in_bytes"] },
  cpu: { name: "cpu", v2: "cpu.max", v1: ["cpu.cfs_quota_us", "cpu.cfs_period_us"] },
  tasks: { name: "pids", v2: "pids.max", v1: ["pids.max"] },
};

/** A mounted cgroup hierarchy. */
interface Hierarchy {
  readonly root: string;
  readonly isV2: boolean;
  readonly isReadOnly: boolean;
}

/**
 * Finds the hierarchy that has a limit's controller: the v2 hierarchy, or the v1 hierarchy for this
 * controller. On a hybrid host, each controller is in only one of these hierarchies, and systemd writes
 * limits to the v1 hierarchies.
 *
 * @param mounts the text of /proc/self/mounts
 */
function hierarchyOf(limit: Limit, mounts: string): Hierarchy | undefined {
  const { name } = CONTROLLERS[limit];
  const rows = mounts.split("\n").map((line) => line.split(" "));
  for (const [, root = "", type, options = ""] of rows) {
    const words = options.split(",");
    const isV2 =
      type === "cgroup2" && (read(join(root, "cgroup.controllers")) ?? "").split(/\s/).includes(name);
    if (isV2 || (type === "cgroup" && words.includes(name)))
      return { root, isV2, isReadOnly: words[0] === "ro" };
  }
  return undefined;
}

/** Returns `held` if the kernel enforces a limit on this host's units; otherwise returns the reason. */
export function supportOf(limit: Limit, mounts: string): "held" | "missing" | "read-only" {
  const hierarchy = hierarchyOf(limit, mounts);
  if (hierarchy === undefined) return "missing";
  return hierarchy.isReadOnly ? "read-only" : "held";
}

/**
 * Returns the limit that the kernel enforces on a cgroup.
 *
 * @param group the unit's ControlGroup in systemd, such as `/muster.slice/muster-arc.slice`
 * @returns the limit in the form that fleet.yaml uses, or `unlimited`; undefined if there is no such cgroup,
 * or it has no such limit
 */
export function kernelLimit(limit: Limit, group: string, mounts: string): string | number | undefined {
  const hierarchy = hierarchyOf(limit, mounts);
  if (hierarchy === undefined || group === "") return undefined;
  const { v1, v2 } = CONTROLLERS[limit];
  const texts = (hierarchy.isV2 ? [v2] : v1).map((file) => read(join(hierarchy.root, group, file)));
  if (texts.includes(undefined)) return undefined;
  return limitOf(limit, texts.join(" ").trim().split(/\s+/));
}

/** Parses a limit. In v1, a time of -1 and an impossibly large number of bytes mean "no limit". */
function limitOf(limit: Limit, [amount = "", period = ""]: readonly string[]): string | number {
  const number = Number(amount);
  if (Number.isNaN(number) || number < 0 || number > 2 ** 60) return UNLIMITED;
  if (limit === "memory") return memoryText(number);
  return limit === "cpu" ? Math.round((100 * number) / Number(period)) / 100 : number;
}

function read(file: string): string | undefined {
  return readTextIfPresent(file, "ENODEV");
}
