import { join } from "node:path";
import { type Limit, memoryText, UNLIMITED } from "../../model/limits.ts";
import { readTextIfPresent } from "./read-if-present.ts";

/** The controller of a limit, and the files of a group that tell it: in cgroup v2, and in v1. */
const CONTROLLERS: Readonly<Record<Limit, { name: string; v2: string; v1: readonly string[] }>> = {
  memory: { name: "memory", v2: "memory.max", v1: ["memory.limit_in_bytes"] },
  cpu: { name: "cpu", v2: "cpu.max", v1: ["cpu.cfs_quota_us", "cpu.cfs_period_us"] },
  tasks: { name: "pids", v2: "pids.max", v1: ["pids.max"] },
};

/** The hierarchy that has a limit's controller. */
interface Hierarchy {
  readonly root: string;
  readonly isV2: boolean;
  readonly isReadOnly: boolean;
}

/**
 * Where a limit is kept: in v1's hierarchy of its controller, or in v2's where that has it. On hybrid hosts each
 * controller is in one of both, and v1's are where systemd writes.
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

/** Whether the kernel holds this host's units to a limit: `held`, `missing` or `read-only`. */
export function supportOf(limit: Limit, mounts: string): "held" | "missing" | "read-only" {
  const hierarchy = hierarchyOf(limit, mounts);
  if (hierarchy === undefined) return "missing";
  return hierarchy.isReadOnly ? "read-only" : "held";
}

/**
 * What the kernel holds a group to.
 *
 * @param group as systemd's ControlGroup, such as `/muster.slice/muster-arc.slice`
 * @returns as the limit is declared, or `unlimited`; undefined where the group, or the limit in it, is not there
 */
export function kernelLimit(limit: Limit, group: string, mounts: string): string | number | undefined {
  const hierarchy = hierarchyOf(limit, mounts);
  if (hierarchy === undefined || group === "") return undefined;
  const { v1, v2 } = CONTROLLERS[limit];
  const texts = (hierarchy.isV2 ? [v2] : v1).map((file) => read(join(hierarchy.root, group, file)));
  if (texts.includes(undefined)) return undefined;
  return limitOf(limit, texts.join(" ").trim().split(/\s+/));
}

/** v1 has numbers for "no limit": -1 time, and more bytes than there can be. */
function limitOf(limit: Limit, [amount = "", period = ""]: readonly string[]): string | number {
  const number = Number(amount);
  if (Number.isNaN(number) || number < 0 || number > 2 ** 60) return UNLIMITED;
  if (limit === "memory") return memoryText(number);
  return limit === "cpu" ? Math.round((100 * number) / Number(period)) / 100 : number;
}

function read(file: string): string | undefined {
  return readTextIfPresent(file, "ENODEV");
}
