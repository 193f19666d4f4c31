import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ALL_HOSTS, ONE_HOST, setLimits } from "./cgroup-limits.ts";

/**
 * The name of the cgroup that contains the cgroups of all local hosts on this machine. This cgroup exists in each
 * hierarchy.
 */
const PARENT = "muster";

/**
 * Creates a cgroup for a host in each hierarchy of this machine, v1 and v2. In a shared cgroup, hosts would
 * see each other's processes, and a host that stops would kill the processes of other hosts. The limits are
 * set before the first process of the host starts.
 *
 * @returns the folders of the cgroups
 */
export function makeCgroups(id: string): string[] {
  return hierarchies().map(({ root, v2 }) => {
    const parent = join(root, PARENT);
    const own = join(parent, id);
    mkdirSync(parent, { recursive: true });
    if (v2) for (const group of [root, parent]) enableControllers(group);
    inheritCpus(root, parent);
    setLimits(parent, ALL_HOSTS);
    mkdirSync(own, { recursive: true });
    setLimits(own, ONE_HOST);
    if (v2) enableControllers(own);
    return own;
  });
}

/** Returns the IDs of a host's processes. */
export function cgroupPids(id: string): number[] {
  const groups = ownGroups(id).flatMap(withSubgroups);
  const lines = groups.flatMap((group) => read(join(group, "cgroup.procs")).split("\n"));
  return [...new Set(lines.filter((line) => line !== "").map(Number))];
}

/**
 * Removes a host's cgroups, which must not contain any processes. Also removes the parent cgroup if no other
 * local host needs it.
 *
 * @returns whether other local hosts have cgroups on this machine
 */
export async function removeCgroups(id: string): Promise<boolean> {
  for (const group of ownGroups(id).flatMap(withSubgroups)) await removeGroup(group);
  const parents = hierarchies().map(({ root }) => join(root, PARENT));
  const others = parents.some((parent) => subgroups(parent).length > 0);
  if (!others) for (const parent of parents.filter(existsSync)) await removeGroup(parent);
  return others;
}

/**
 * Removes a cgroup. Tries several times, because a cgroup is still busy for a moment after its last process was killed.
 */
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

/** Returns a cgroup and all cgroups below it, in the order in which they can be removed. */
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

/** Enables all controllers for the children of a cgroup. Cgroup v2 does not do this by default. */
function enableControllers(group: string): void {
  for (const controller of read(join(group, "cgroup.controllers")).split(/\s+/).filter(Boolean)) {
    try {
      writeFileSync(join(group, "cgroup.subtree_control"), `+${controller}`);
    } catch {
      // This kernel cannot delegate the controller, for example because of realtime processes. Limits that need the
      // controller then do not apply.
    }
  }
}

/**
 * Copies the CPUs of the root cgroup to the parent cgroup. In cgroup v1, a new cpuset has no CPUs and
 * therefore accepts no process.
 */
function inheritCpus(root: string, parent: string): void {
  if (!existsSync(join(parent, "cpuset.mems")) || !existsSync(join(parent, "cgroup.clone_children"))) return;
  for (const file of ["cpuset.cpus", "cpuset.mems"])
    writeFileSync(join(parent, file), read(join(root, file)));
  writeFileSync(join(parent, "cgroup.clone_children"), "1");
}

function read(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}
