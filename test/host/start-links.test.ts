import { mkdirSync, readlinkSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import type { Host } from "../../src/host/context.ts";
import { readStartLinks, removeStartLinks, restoreStartLinks } from "../../src/host/units/start-links.ts";
import { makeWorld } from "./world.ts";

function hostWith(links: Readonly<Record<string, string>>): { host: Host; dir: string; calls: string[] } {
  const { host, dir } = makeWorld();
  const calls: string[] = [];
  for (const [path, target] of Object.entries(links)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    symlinkSync(target, join(dir, path));
  }
  const run: Host["run"] = (program, args) => {
    if (program === "systemctl") calls.push(args.join(" "));
    return { status: 0, stdout: "", stderr: "" };
  };
  return { host: { ...host, run }, dir, calls };
}

const LINKS = {
  "units/multi-user.target.wants/iris.service": "/etc/systemd/system/iris.service",
  "units/by-hand.target.requires/other-name.service": "../iris.service",
  "runtime-units/multi-user.target.wants/iris.service": "/run/systemd/system/iris.service",
  "units/multi-user.target.wants/bot@iris.service": "/etc/systemd/system/bot@.service",
};
const OTHERS = {
  "units/iris.service": "/opt/iris/iris.service",
  "units/multi-user.target.wants/loom.service": "/etc/systemd/system/loom.service",
};

test("a unit's start links are removed and restored exactly, and the link to its own file and the links of other units are kept", () => {
  const { host, dir, calls } = hostWith({ ...LINKS, ...OTHERS });
  const targets = () =>
    Object.keys({ ...LINKS, ...OTHERS }).map((path) => {
      try {
        return readlinkSync(join(dir, path));
      } catch {
        return "gone";
      }
    });
  const before = targets();
  const [links, instance] = ["iris.service", "bot@iris.service"].map(readStartLinks(host));
  expect(Object.keys(links ?? {})).toHaveLength(3);
  expect(Object.values(instance ?? {})).toEqual(["/etc/systemd/system/bot@.service"]);
  removeStartLinks(host, "iris.service");
  removeStartLinks(host, "bot@iris.service");
  expect(targets()).toEqual(["gone", "gone", "gone", "gone", ...Object.values(OTHERS)]);
  restoreStartLinks(host, { ...links, ...instance });
  expect(targets()).toEqual(before);
  expect(calls).toEqual(Array(3).fill("daemon-reload"));
  restoreStartLinks(host, { ...links });
  removeStartLinks(host, "none.service");
  expect(calls).toHaveLength(3);
});
