import { expect, test } from "vitest";
import { disksIn, machine } from "../../src/host/reports/machine.ts";
import { makeWorld } from "./world.ts";

test("a file system is reported once, unless it is read-only, in memory or remote", () => {
  const mounts = [
    "overlay / overlay rw 0 0",
    "proc /proc proc rw 0 0",
    "tmpfs /run tmpfs rw 0 0",
    "/dev/vdb1 /srv/some\\040data ext4 rw 0 0",
    "/dev/vdb1 /home ext4 rw 0 0",
    "/dev/loop3 /snap/core squashfs ro 0 0",
    "nas:/export /mnt nfs4 rw 0 0",
    "",
  ].join("\n");
  expect(disksIn(mounts)).toEqual(["/", "/srv/some data"]);
});

test("a machine reports its disks, memory, cores, uptime and failed units", () => {
  const { host } = makeWorld();
  const list = "cron.service loaded failed failed Regular jobs\nbad\u001b.service loaded failed failed x\n";
  const report = machine({
    ...host,
    paths: { ...host.paths, mounts: "/proc/self/mounts" },
    run: () => ({ status: 0, stdout: list, stderr: "" }),
  });
  expect(report.failed).toEqual(["cron.service", "bad\\u001b.service"]);
  expect(report.disks[0]).toMatchObject({ path: "/", size: expect.any(Number) });
  for (const { used } of [report.memory, ...report.disks]) {
    expect(used).toBeGreaterThan(0);
    expect(used).toBeLessThanOrEqual(100);
  }
  expect(report.cores).toBeGreaterThan(0);
  expect(report.uptime).toBeGreaterThan(0);
});
