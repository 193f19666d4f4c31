import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { observe } from "../../src/host/reconcile/observe.ts";
import { runProgram } from "../../src/host/system/run-program.ts";
import { tmuxServers } from "../../src/host/unmanaged/tmux-servers.ts";
import type { Unmanaged } from "../../src/model/unmanaged.ts";
import { IRIS, makeWorld } from "./world.ts";

/** Finds what is unmanaged on a host with an agent's user and these files, by path. */
function found(
  files: Readonly<Record<string, string | Buffer>>,
  more: (dir: string) => void = () => {},
): Unmanaged[] {
  const { host, dir } = makeWorld();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  more(dir);
  const request = { op: "observe", resources: [], unmanaged: true } as const;
  return (observe(host, request, new Set(["iris"])).unmanaged ?? [])
    .filter(({ kind }) => kind !== "tmux")
    .map((one) => ({ ...one, where: one.where.replace(dir, "") }));
}

describe("an unmanaged crontab", () => {
  test("is reported by line and program, without arguments, if an agent's user owns it", () => {
    const text =
      "# mine\nMAILTO=me\n\n*/5 * * * * KEY=sk-canary curl --header sk-canary\n@reboot  /opt/x\nnonsense\n";
    expect(found({ "crontabs/iris": text, "crontabs/somebody": "@daily /opt/y\n" })).toEqual([
      { kind: "cron", user: "iris", name: "curl", where: "/crontabs/iris:4" },
      { kind: "cron", user: "iris", name: "/opt/x", where: "/crontabs/iris:5" },
    ]);
  });

  test("is reported if it belongs to the system and runs something as an agent's user, by field or by su or runuser", () => {
    const files = {
      "etc/crontab": "17 * * * * root cd / && run-parts\n0 3 * * * iris /opt/nightly --now\n",
      "etc/cron.d/x": "@daily root su - iris -c /opt/z\n@daily root echo iris\n",
      "etc/cron.daily/y": "#!/bin/sh\n# runuser iris\nrunuser -u iris -- /opt/w\n",
    };
    expect(found(files).map(({ name, where }) => [name, where])).toEqual([
      ["/opt/nightly", "/etc/crontab:2"],
      ["su", "/etc/cron.d/x:1"],
      ["runuser", "/etc/cron.daily/y:3"],
    ]);
  });

  test("does no harm with control characters, as a huge file, a fifo or a link, or with thousands of lines", () => {
    expect(found({ "crontabs/iris": "@daily \u001b[2J\u202epwn\n" })).toEqual([
      { kind: "cron", user: "iris", name: "\\u001b[2J\\u202epwn", where: "/crontabs/iris:1" },
    ]);
    expect(found({ "crontabs/iris": Buffer.alloc(64 * 1024 * 1024, "@daily x\n") })).toEqual([]);
    expect(
      found({ "crontabs/x": "" }, (dir) => execFileSync("mkfifo", [join(dir, "crontabs/iris")])),
    ).toEqual([]);
    expect(
      found({ "crontabs/x": "", secret: "@daily sk-canary\n" }, (dir) =>
        symlinkSync(join(dir, "secret"), join(dir, "crontabs/iris")),
      ),
    ).toEqual([]);
    const many = found({ "crontabs/iris": "@daily x\n".repeat(5000), "etc/cron.d/y": "@daily iris y\n" });
    expect(many).toHaveLength(21);
    expect(many.at(-1)).toMatchObject({ name: "and 4981 more" });
  });
});

describe("the search for unmanaged units", () => {
  test("finds units that run as agents' users and are in no record, and only the timer of a service that has one", () => {
    const files = {
      "units/ghost.service": "[Service]\nUser=nobody\nUser=iris\nExecStart=/x\n",
      "units/night.timer": "[Timer]\nUnit=work.service\n",
      "units/work.service": "[Service]\nUser=iris\n",
      "units/root.service": "[Service]\nExecStart=/usr/bin/runuser -u iris /x\n",
      "units/web.service": "[Service]\nUser=www-data\nDescription=for iris\n",
    };
    expect(found(files)).toEqual([
      { kind: "timer", user: "iris", name: "night.timer", where: "/units/night.timer" },
      { kind: "service", user: "iris", name: "ghost.service", where: "/units/ghost.service" },
      { kind: "service", user: "iris", name: "root.service", where: "/units/root.service" },
    ]);
  });

  test("ignores units that are in any stack's record", () => {
    const reloads = { status: 0, stdout: "", stderr: "" };
    const { host, dir, up, file } = makeWorld([IRIS], (program, ...rest) =>
      program === "systemctl" ? reloads : runProgram(program, ...rest),
    );
    mkdirSync(host.paths.units);
    const item = file(join(host.paths.units, "a.service"), "[Service]\nUser=iris\n");
    up({ a: item, former: { kind: "unit", name: "c.service", user: "iris", want: {} } });
    writeFileSync(join(dir, "units/c.service"), "[Service]\nUser=iris\n");
    writeFileSync(join(dir, "units/b.service"), "[Service]\nUser=iris\n");
    const request = { op: "observe", resources: [], unmanaged: true } as const;
    const { unmanaged = [] } = observe(host, request, new Set(["iris"]));
    expect(unmanaged.filter(({ kind }) => kind === "service").map(({ name }) => name)).toEqual(["b.service"]);
  });

  test("finds the units in a home by name, and follows no links out of the home", () => {
    const own = "home/iris/.config/systemd/user";
    const files = {
      [`${own}/a.timer`]: "",
      [`${own}/a.service`]: "",
      [`${own}/b.service`]: "",
      [`${own}/c.conf`]: "",
    };
    expect(found(files).map(({ kind, name }) => [kind, name])).toEqual([
      ["user timer", "a.timer"],
      ["user service", "b.service"],
    ]);
    const linked = found({ "other/x.timer": "", "home/iris/.config/y": "" }, (dir) => {
      mkdirSync(join(dir, "home/iris/.config/systemd"));
      symlinkSync(join(dir, "other"), join(dir, own));
    });
    expect(linked).toEqual([]);
  });
});

describe("an unmanaged tmux server", () => {
  const account = { ...IRIS, home: "/home/iris", shell: "/bin/sh" };

  function proc(processes: Readonly<Record<string, { comm: string; cgroup: string }>>): string {
    const { dir } = makeWorld();
    for (const [pid, { comm, cgroup }] of Object.entries({ self: { comm: "", cgroup: "" }, ...processes })) {
      mkdirSync(join(dir, "proc", pid, "ns"), { recursive: true });
      writeFileSync(join(dir, "proc", pid, "comm"), `${comm}\n`);
      writeFileSync(join(dir, "proc", pid, "cgroup"), cgroup);
      symlinkSync("pid:[1]", join(dir, "proc", pid, "ns/pid"));
    }
    return join(dir, "proc");
  }

  test("is reported if an agent's user owns it and it runs outside the units of agents and jobs", () => {
    const comm = "tmux: server";
    const dir = proc({
      10: { comm, cgroup: "0::/muster.slice/muster-arc.slice/muster-agent-iris.service\n" },
      11: { comm, cgroup: "0::/user.slice/user-1000.slice/session-3.scope\n" },
      12: { comm: "bash", cgroup: "0::/user.slice\n" },
      13: { comm, cgroup: "4:pids:/x\n1:name=systemd:/system.slice/cron.service\n" },
      14: {
        comm,
        cgroup: "1:name=systemd:/muster.slice/muster-arc.slice/muster-job-iris.retro.service/sub\n",
      },
    });
    expect(tmuxServers([account], dir)).toEqual([
      {
        kind: "tmux",
        name: "process 11",
        user: "iris",
        where: "/user.slice/user-1000.slice/session-3.scope",
      },
      { kind: "tmux", name: "process 13", user: "iris", where: "/system.slice/cron.service" },
    ]);
    expect(tmuxServers([{ ...account, uid: account.uid + 1 }], dir)).toEqual([]);
  });
});

test("the search for unmanaged items runs only on request", () => {
  const { host } = makeWorld();
  expect(observe(host, { op: "observe", resources: [] })).not.toHaveProperty("unmanaged");
});
