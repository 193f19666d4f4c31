import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { observe } from "../../src/host/reconcile/observe.ts";
import { runProgram } from "../../src/host/system/run-program.ts";
import { strayProcesses } from "../../src/host/unmanaged/processes.ts";
import type { Unmanaged } from "../../src/model/unmanaged.ts";
import { IRIS, makeWorld } from "./world.ts";

/** Returns the unmanaged items on a host with an agent's user and with these files, by path. */
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
    .filter(({ kind }) => !["tmux", "process", "service"].includes(kind))
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

  test("is reported if it belongs to the system and runs a program as an agent's user", () => {
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

  test("is reported if its user no longer exists, or if another user's crontab switches to an agent", () => {
    const { host, dir } = makeWorld([IRIS, { name: "ops", uid: IRIS.uid + 1, gid: 1 }]);
    mkdirSync(join(dir, "crontabs"));
    writeFileSync(join(dir, "crontabs/gone"), "@daily /opt/ghost\n");
    writeFileSync(join(dir, "crontabs/ops"), "@daily /opt/mine\n@daily sudo -u iris /opt/z\n");
    const request = { op: "observe", resources: [], unmanaged: true } as const;
    const names = (users?: Set<string>) =>
      (observe(host, request, users).unmanaged ?? []).flatMap((one) =>
        one.kind === "cron" ? [`${one.user} ${one.name}`] : [],
      );
    expect(names(new Set(["iris"]))).toEqual(["iris sudo"]);
    expect(names()).toEqual([
      "gone /opt/ghost (not run: there is no user gone; a new user of this name would run it)",
    ]);
  });

  test("does no harm if it is huge, is a fifo or a link, or contains control characters", () => {
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

/** Returns what `systemctl list-units` and `systemctl show` print about units. */
function answerOf(units: Parameters<typeof shownUnits>[0], words: readonly string[]): string {
  if (words[0] === "list-units") {
    const services = Object.keys(units).filter((name) => name.endsWith(".service"));
    return services.map((name) => `${name} loaded active running A service\n`).join("");
  }
  const asked = Object.entries(units).filter(([name]) => words.includes(name));
  return shownUnits(Object.fromEntries(asked));
}

/** Returns what `systemctl show` prints about units. */
function shownUnits(units: Readonly<Record<string, Readonly<Record<string, string>>>>): string {
  return Object.entries(units)
    .map(([name, more]) =>
      Object.entries({
        Id: name,
        ActiveState: "active",
        FragmentPath: `/etc/systemd/system/${name}`,
        ...more,
      })
        .map(([key, value]) => `${key}=${value}\n`)
        .join(""),
    )
    .join("\n");
}

describe("the search for unmanaged units", () => {
  const search = (
    units: Parameters<typeof shownUnits>[0],
    prepare: (world: ReturnType<typeof makeWorld>) => void = () => {},
  ) => {
    const world = makeWorld([IRIS], (program, ...rest) =>
      program === "systemctl"
        ? { status: 0, stdout: answerOf(units, rest[0]), stderr: "" }
        : runProgram(program, ...rest),
    );
    prepare(world);
    const request = { op: "observe", resources: [], unmanaged: true } as const;
    const { unmanaged = [] } = observe(world.host, request, new Set(["iris"]));
    return unmanaged.filter(({ kind }) => ["timer", "path", "service"].includes(kind));
  };

  test("finds loaded units that run as agents' users, and finds only the timer or path if a service has one", () => {
    const exec = "{ path=/usr/bin/runuser ; argv[]=/usr/bin/runuser -u iris /x ; ignore_errors=no }";
    const found = search({
      "ghost.service": { User: "iris" },
      "c@iris.service": { User: String(IRIS.uid) },
      "night.timer": {},
      "work.service": { User: "iris", ActiveState: "inactive", TriggeredBy: "night.timer" },
      "in.path": {},
      "box.service": { User: "iris", ActiveState: "inactive", TriggeredBy: "in.path x.socket" },
      "boot.service": { User: "iris", ActiveState: "failed", UnitFileState: "enabled" },
      "off.service": { User: "iris", ActiveState: "inactive", UnitFileState: "disabled" },
      "root.service": { ExecStart: exec },
      "web.service": { User: "www-data", ExecStart: "for iris" },
    });
    expect(found.map(({ kind, name, user }) => `${kind} ${name} ${user}`)).toEqual([
      "timer night.timer iris",
      "path in.path iris",
      "service ghost.service iris",
      "service c@iris.service iris",
      "service boot.service iris",
      "service root.service iris",
    ]);
    expect(found[0]?.where).toBe("/etc/systemd/system/night.timer");
  });

  test("ignores units that are in any stack's record", () => {
    const units = {
      "a.service": { User: "iris" },
      "b.service": { User: "iris" },
      "c.service": { User: "iris" },
    };
    const found = search(units, ({ up, file, host }) => {
      mkdirSync(host.paths.units);
      const path = join(host.paths.units, "c.service");
      up({ a: { kind: "unit", name: "a.service", user: "iris", want: {} }, c: file(path, "") });
      Object.assign(units["c.service"], { FragmentPath: path });
    });
    expect(found.map(({ name }) => name)).toEqual(["b.service"]);
  });

  test("finds the units in a home by name, and follows no links out of the home", () => {
    const own = "home/iris/.config/systemd/user";
    const files = {
      [`${own}/a.timer`]: "",
      [`${own}/a.service`]: "",
      [`${own}/b.service`]: "",
      [`${own}/c.conf`]: "",
      "home/iris/.local/share/systemd/user/d.path": "",
    };
    expect(found(files).map(({ kind, name }) => [kind, name])).toEqual([
      ["user timer", "a.timer"],
      ["user path", "d.path"],
      ["user service", "b.service"],
    ]);
    const linked = found({ "other/x.timer": "", "home/iris/.config/y": "" }, (dir) => {
      mkdirSync(join(dir, "home/iris/.config/systemd"));
      symlinkSync(join(dir, "other"), join(dir, own));
    });
    expect(linked).toEqual([]);
  });
});

describe("an unmanaged process", () => {
  const account = { ...IRIS, home: "/home/iris", shell: "/bin/sh" };
  type Process = { comm: string; cgroup: string; parent?: number; uid?: number; real?: number };

  function proc(processes: Readonly<Record<string, Process>>): string {
    const { dir } = makeWorld();
    const all = Object.entries({ self: { comm: "", cgroup: "" } as Process, ...processes });
    for (const [pid, { comm, cgroup, parent = 1, uid = IRIS.uid, real = uid }] of all) {
      mkdirSync(join(dir, "proc", pid, "ns"), { recursive: true });
      writeFileSync(join(dir, "proc", pid, "comm"), `${comm}\n`);
      writeFileSync(join(dir, "proc", pid, "cgroup"), cgroup);
      writeFileSync(join(dir, "proc", pid, "status"), `PPid:\t${parent}\nUid:\t${real}\t${uid}\t${uid}\n`);
      symlinkSync("pid:[1]", join(dir, "proc", pid, "ns/pid"));
    }
    return join(dir, "proc");
  }

  const strays = (dir: string, declared: readonly string[] = [], uid = account.uid) =>
    strayProcesses(
      [{ ...account, uid }],
      new Set(declared),
      (unit) => (unit === "own.service" ? { user: "iris", where: "/x" } : undefined),
      dir,
    ).map(({ kind, name, where }) => `${kind} ${name} ${where}`);

  test("is reported by its unit, or by its process ID if no unit of its user has started the process", () => {
    const manager = "/user.slice/user-1000.slice/user@1000.service";
    const dir = proc({
      10: { comm: "sh", cgroup: "0::/muster.slice/muster-arc.slice/muster-agent-iris.service\n" },
      11: { comm: "tmux: server", cgroup: "0::/user.slice/user-1000.slice/session-3.scope\n" },
      12: { comm: "bash", cgroup: "0::/user.slice/user-1000.slice/session-3.scope\n", parent: 11 },
      13: { comm: "sleep", cgroup: "4:pids:/x\n1:name=systemd:/system.slice/cron.service\n" },
      14: {
        comm: "sh",
        cgroup: "1:name=systemd:/muster.slice/muster-arc.slice/muster-job-iris.retro.service/sub\n",
      },
      15: { comm: "a", cgroup: "0::/system.slice/own.service/sub\n" },
      16: { comm: "b", cgroup: "0::/system.slice/own.service\n" },
      17: { comm: "c", cgroup: "0::/system.slice/known.service\n" },
      18: { comm: "systemd", cgroup: `0::${manager}/init.scope\n` },
      19: { comm: "d", cgroup: `0::${manager}/app.slice/bot.service\n` },
      20: { comm: "e", cgroup: "0::/user.slice\n", uid: IRIS.uid + 1 },
    });
    expect(strays(dir, ["known.service"])).toEqual([
      "tmux process 11 /user.slice/user-1000.slice/session-3.scope",
      "process process 13 (sleep) /system.slice/cron.service",
      "service own.service /x",
      `user service bot.service ${manager}/app.slice/bot.service`,
    ]);
  });

  test("is not another session of Muster, which acts as the agent's user for a moment", () => {
    const cgroup = "0::/user.slice/user-0.slice/session-9.scope\n";
    const sessions = proc({ 10: { comm: "MainThread", cgroup, uid: 1007, real: 0 } });
    expect(strays(sessions, [], 1007)).toEqual([]);
    const others = proc({
      11: { comm: "game", cgroup, uid: 1007, real: 1008 },
      12: { comm: "sudo", cgroup, uid: 0, real: 1007 },
    });
    expect(strays(others, [], 1007)).toHaveLength(2);
  });
});

test("the search for unmanaged items runs only on request", () => {
  const { host } = makeWorld();
  expect(observe(host, { op: "observe", resources: [] })).not.toHaveProperty("unmanaged");
});
