import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ALL_HOSTS, ONE_HOST, setCeiling } from "./cgroup-limits.ts";

/** The group above every local host on this machine, in each hierarchy. */
const PARENT = "muster";

/**
 * Makes a host's own group in every hierarchy of this machine, v1 and v2: hosts that share one would see, and at
 * their end kill, each other's processes. Each has a ceiling before a process of the host is in it.
 *
 * @returns the groups' folders
 */
export function makeCgroups(id: string): string[] {
  return hierarchies().map(({ root, v2 }) => {
    const parent = join(root, PARENT);
    const own = join(parent, id);
    mkdirSync(parent, { recursive: true });
    if (v2) for (const group of [root, parent]) passControllersOn(group);
    inheritCpus(root, parent);
    setCeiling(parent, ALL_HOSTS);
    mkdirSync(own, { recursive: true });
    setCeiling(own, ONE_HOST);
    if (v2) passControllersOn(own);
    return own;
  });
}

/** The processes of a host. */
export function cgroupPids(id: string): number[] {
  const groups = ownGroups(id).flatMap(withSubgroups);
  const lines = groups.flatMap((group) => read(join(group, "cgroup.procs")).split("\n"));
  return [...new Set(lines.filter((line) => line !== "").map(Number))];
}

/**
 * Removes a host's groups, which must hold no living process.
 *
 * @returns whether other local hosts are left on this machine
 */
export async function removeCgroups(id: string): Promise<boolean> {
  for (const group of ownGroups(id).flatMap(withSubgroups)) await removeGroup(group);
  const parents = hierarchies().map(({ root }) => join(root, PARENT));
  const others = parents.some((parent) => subgroups(parent).length > 0);
  if (!others) for (const parent of parents.filter(existsSync)) await removeGroup(parent);
  return others;
}

/** A group is busy for moments after its last process was killed. */
async function removeGroup(group: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      return rmdirSync(group);
    } catch (error) {
      if (attempt === 40) throw error;
      await sleep(50);
    }
  }
}

function ownGroups(id: string): string[] {
  return hierarchies()
    .map(({ root }) => join(root, PARENT, id))
    .filter(existsSync);
}

/** Deepest first, the group itself last. */
function withSubgroups(group: string): string[] {
  return [...subgroups(group).flatMap((name) => withSubgroups(join(group, name))), group];
}

function subgroups(group: string): string[] {
  if (!existsSync(group)) return [];
  return readdirSync(group, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [entry.name] : [],
  );
}

function hierarchies(): { root: string; v2: boolean }[] {
  const mounts = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" "));
  const roots = new Map(mounts.map(([, root = "", type = ""]) => [root, type]));
  return [...roots]
    .filter(([, type]) => type === "cgroup" || type === "cgroup2")
    .map(([root, type]) => ({ root, v2: type === "cgroup2" }));
}

/** cgroup v2: a group's children have the controllers that are named in its subtree_control. */
function passControllersOn(group: string): void {
  for (const controller of read(join(group, "cgroup.controllers")).split(/\s+/).filter(Boolean)) {
    try {
      writeFileSync(join(group, "cgroup.subtree_control"), `+${controller}`);
    } catch {
      // This kernel or its realtime processes keep the controller to themselves: hosts do without its limits.
    }
  }
}

/** cgroup v1: a new cpuset is empty and takes no process, unless it copies its parent's. */
function inheritCpus(root: string, parent: string): void {
  if (!existsSync(join(parent, "cpuset.mems")) || !existsSync(join(parent, "cgroup.clone_children"))) return;
  for (const file of ["cpuset.cpus", "cpuset.mems"])
    writeFileSync(join(parent, file), read(join(root, file)));
  writeFileSync(join(parent, "cgroup.clone_children"), "1");
}

function read(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}
