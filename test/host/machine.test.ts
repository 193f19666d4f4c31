import { expect, test } from "vitest";
import { disksIn, machine } from "../../src/host/reports/machine.ts";
import { makeWorld } from "./world.ts";

test("a file system counts once, one that is full by its nature or in memory never", () => {
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

test("this machine tells of its disks, memory, load and failed units", () => {
  const { host } = makeWorld();
  const list = "cron.service loaded failed failed Regular jobs\nbad\u001b.service loaded failed failed x\n";
  const told = machine({
    ...host,
    paths: { ...host.paths, mounts: "/proc/self/mounts" },
    run: () => ({ status: 0, stdout: list, stderr: "" }),
  });
  expect(told.failed).toEqual(["cron.service", "bad\\u001b.service"]);
  expect(told.disks[0]).toMatchObject({ path: "/", size: expect.any(Number) });
  for (const { used } of [told.memory, ...told.disks]) {
    expect(used).toBeGreaterThan(0);
    expect(used).toBeLessThanOrEqual(100);
  }
  expect(told.cores).toBeGreaterThan(0);
  expect(told.uptime).toBeGreaterThan(0);
});
