import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { expect, test } from "vitest";
import type { UserItem } from "../../src/model/items.ts";
import { IRIS, makeWorld } from "./world.ts";

/** Returns the files in `etc` that are reported as naming iris, if `etc` has these files. */
function reported(files: Readonly<Record<string, string>>): string[] {
  const world = makeWorld();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(`${world.dir}/etc/${path}`), { recursive: true });
    writeFileSync(`${world.dir}/etc/${path}`, text);
  }
  const want = { present: true, group: IRIS.name, home: world.home(), shell: "/bin/sh" } as const;
  const item: UserItem = { kind: "user", name: IRIS.name, want };
  const { user } = world.observe({ user: item }).observed;
  const text = user !== undefined && "props" in user ? `${user.props["namedIn"] ?? ""}` : "unknown";
  return text === "" ? [] : text.split(", ").map((path) => path.replace(`${world.dir}/etc/`, ""));
}

test("each file with a line that names a user is reported", () => {
  const files = {
    sudoers: "root ALL=(ALL:ALL) ALL\nUser_Alias BOTS = loom, iris\n",
    "sudoers.d/iris": "iris ALL=(ALL) NOPASSWD: ALL\n",
    "sudoers.d/as-iris": "deploy ALL=(iris:arc) /usr/bin/id\n",
    "security/limits.d/agents.conf": "iris hard nofile 4096\n",
    "cron.allow": "root\niris\n",
    "at.deny": "iris\n",
    "ssh/sshd_config": "AllowUsers ops iris@192.0.2.*\n",
  };
  expect(reported(files).sort()).toEqual(Object.keys(files).sort());
});

test("a file that names only a similar user, a group or a path is not reported", () => {
  const files = {
    sudoers: "%iris ALL=ALL\niris2 ALL=ALL\nloom ALL=ALL # for iris\n# iris ALL=ALL\n",
    "sudoers.d/loom": "loom ALL=(root) /home/iris/bin/run\n",
    "sudoers.d/muster-gates": "iris ALL=ALL\n",
    "security/limits.conf": "@iris hard nofile 4096\n",
  };
  expect(reported(files)).toEqual([]);
});
