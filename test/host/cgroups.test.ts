import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { kernelLimit, supportOf } from "../../src/host/system/cgroups.ts";

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "muster-cgroups-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const GROUP = "/muster.slice/muster-arc.slice";

function put(path: string, text: string): void {
  mkdirSync(dirname(join(dir, path)), { recursive: true });
  writeFileSync(join(dir, path), `${text}\n`);
}

/** Returns the mounts of a host with only cgroup v2, as on most hosts. */
function unified(): string {
  put("cgroup.controllers", "cpuset cpu memory pids");
  return `cgroup2 ${dir} cgroup2 rw,nosuid,nodev,noexec,relatime,nsdelegate 0 0\n`;
}

/** Returns the mounts of a host with the controllers in cgroup v1, and with an empty cgroup v2 hierarchy. */
function hybrid(how = "rw"): string {
  put("unified/cgroup.controllers", "");
  const mounted = ["memory", "cpu,cpuacct", "pids"].map(
    (names) => `cgroup ${dir}/${names} cgroup ${how},nosuid,nodev,noexec,relatime,${names} 0 0\n`,
  );
  return `cgroup2 ${dir}/unified cgroup2 rw,relatime 0 0\n${mounted.join("")}`;
}

test("a limit of cgroup v2 is returned in the notation of fleet.yaml", () => {
  const mounts = unified();
  put(`${GROUP}/memory.max`, "536870912");
  put(`${GROUP}/cpu.max`, "150000 100000");
  put(`${GROUP}/pids.max`, "max");
  expect(kernelLimit("memory", GROUP, mounts)).toBe("512M");
  expect(kernelLimit("cpu", GROUP, mounts)).toBe(1.5);
  expect(kernelLimit("tasks", GROUP, mounts)).toBe("unlimited");
});

test("a limit of cgroup v1 is read from the hierarchy of the controller that enforces it", () => {
  const mounts = hybrid();
  put(`memory${GROUP}/memory.limit_in_bytes`, "9223372036854771712");
  put(`cpu,cpuacct${GROUP}/cpu.cfs_quota_us`, "7000");
  put(`cpu,cpuacct${GROUP}/cpu.cfs_period_us`, "100000");
  put(`pids${GROUP}/pids.max`, "40");
  expect(kernelLimit("memory", GROUP, mounts)).toBe("unlimited");
  expect(kernelLimit("cpu", GROUP, mounts)).toBe(0.07);
  expect(kernelLimit("tasks", GROUP, mounts)).toBe(40);
  put(`cpu,cpuacct${GROUP}/cpu.cfs_quota_us`, "-1");
  expect(kernelLimit("cpu", GROUP, mounts)).toBe("unlimited");
});

test("a cgroup that does not exist has no limit", () => {
  expect(kernelLimit("memory", GROUP, unified())).toBeUndefined();
  expect(kernelLimit("memory", "", unified())).toBeUndefined();
});

test("a host enforces a limit if the controller of this limit exists and is writable", () => {
  expect(supportOf("memory", unified())).toBe("held");
  expect(supportOf("cpu", hybrid())).toBe("held");
  expect(supportOf("tasks", hybrid("ro"))).toBe("read-only");
  expect(supportOf("memory", hybrid().replace(/.*memory.*\n/, ""))).toBe("missing");
  put("cgroup.controllers", "cpu pids");
  expect(supportOf("memory", `cgroup2 ${dir} cgroup2 rw 0 0\n`)).toBe("missing");
});
