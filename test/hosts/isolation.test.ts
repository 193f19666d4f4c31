import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AgentSpec } from "../../src/config/fleet.ts";
import { SANDBOX_EXCEPTIONS, type SandboxException } from "../../src/model/sandbox-exceptions.ts";
import { unitText } from "../../src/resources/unit-text.ts";
import { agent, fleetOf } from "../fixtures/fleet.ts";
import { asAgent, makeIsolation, type OuterGroups, outerGroups, SECRETS } from "./support/isolation.ts";
import { must, type Project } from "./support/project.ts";

let project: Project;
let outer: OuterGroups;

const hub = (script: string) => project.onHost("hub", script);
const unit = (name: string) => `muster-agent-${name}.service`;
const as = (name: string, script: string) => asAgent(project, name, script);

/** Returns the IDs of the current runs of these agents' units. Each run has a new ID. */
const runsOf = (...names: string[]) => hub(`systemctl show -P InvocationID ${names.map(unit).join(" ")}`);

/** Waits until each agent has sent another heartbeat. */
async function beatOn(...names: string[]): Promise<void> {
  const beats = () => hub(`stat -c %y ${names.map((name) => `/run/muster-${name}/beat`).join(" ")}`);
  const before = (await beats()).split("\n");
  const all = async () => (await beats()).split("\n").every((beat, i) => beat !== before[i]);
  await expect.poll(all, { timeout: 10_000 }).toBe(true);
}

beforeAll(async () => {
  project = await makeIsolation();
  await must(project.pulumi(["up", "--yes", "--skip-preview"]));
  outer = outerGroups(project, "hub");
  await hub("chmod 1777 /srv");
});

afterAll(() => project?.dispose());

describe("an agent's unit", () => {
  /** Returns the exposure of a unit, as `systemd-analyze security` reports it. */
  const measure = async (text: string) => {
    const result = await hub(`cat >/run/measured.service <<'END'
${text}
END
      systemd-analyze security --no-pager --offline=true /run/measured.service | tail -1; rm /run/measured.service`);
    return Number(/: ([\d.]+) /.exec(result)?.[1]);
  };
  const exposureOf = (parts: Partial<AgentSpec>) => measure(unitText(fleetOf(), agent(parts)));

  test("has an exposure of at most 2.1 by default, as measured by systemd", async () => {
    const result = await hub(`systemd-analyze security --no-pager ${unit("ada")} | tail -1`);
    const exposure = Number(/: ([\d.]+) /.exec(result)?.[1]);
    expect(exposure).toBeGreaterThan(0);
    expect(exposure).toBeLessThanOrEqual(2.1);
    expect(await exposureOf({})).toBe(exposure);
  });

  test("prevents the agent from writing to any kernel setting", async () => {
    const settings = "find /proc/sys /proc/irq /proc/bus /proc/fs /proc/sysrq-trigger /sys -type f -writable";
    const tried = `${settings} 2>/dev/null | while read -r file; do (cat "$file" >"$file") 2>/dev/null && echo "$file"; done`;
    expect(await as("ada", `${tried}; true`)).toBe("exit 0");
  });

  test("has the documented exposure for each sandbox exception", async () => {
    const usual = await exposureOf({});
    const prices: Record<string, number> = {};
    for (const one of Object.keys(SANDBOX_EXCEPTIONS) as SandboxException[]) {
      prices[one] = Math.round(10 * ((await exposureOf({ allow: [one] })) - usual)) / 10;
    }
    expect(prices).toEqual(
      Object.fromEntries(Object.entries(SANDBOX_EXCEPTIONS).map(([one, { price }]) => [one, price])),
    );
  });

  test("allows the terminal, threads and network access that an agent's program needs", async () => {
    const result = await as(
      "ada",
      `set -e
      tty; stty size
      /usr/local/lib/muster/node-*/node -e '
        const { Worker } = require("node:worker_threads");
        const os = require("node:os");
        const server = require("node:http").createServer((_, answer) => answer.end("served")).listen(0, "127.0.0.1", async () => {
          console.log(await (await fetch("http://localhost:" + server.address().port)).text());
          console.log(os.cpus().length > 0, os.totalmem() > 0, Object.keys(os.networkInterfaces()).length > 0);
          const worker = new Worker("require(\\"node:worker_threads\\").parentPort.postMessage(\\"threads\\")", { eval: true });
          worker.on("message", (said) => { console.log(said); server.close(); });
        });'
      python3 -c 'import os, socket; os.sched_getaffinity(0); print(socket.getaddrinfo("localhost", 80)[0][4][0])'
      git init -q work; cd work; git -c user.name=a -c user.email=a@b commit -q --allow-empty -m first; git log --format=%s
      echo kept >file; cp -a file copy; tar c file | tar t; ps -o args= -p $$ | head -1
      sqlite3 ../contacts.db "SELECT count(*) FROM contacts"
      cat "$MUSTER_CREDENTIALS/ada-key"; echo "$ANTHROPIC_API_KEY"; touch /tmp/own /dev/shm/own`,
    );
    expect(result.split("\n")).toEqual([
      "/dev/tty",
      "50 200",
      "served",
      "true true true",
      "threads",
      expect.stringMatching(/^(127\.0\.0\.1|::1)$/),
      "first",
      "file",
      "sh doing",
      "6",
      `ANTHROPIC_API_KEY="${SECRETS["ada-key"]}"`,
      SECRETS["ada-key"],
      "exit 0",
    ]);
  });

  test("lets root inspect the agent, and allows the access that fleet.yaml declares", async () => {
    expect(await hub("tmux -S /run/muster-ada/tmux list-panes -F '#{pane_width}x#{pane_height}'")).toBe(
      "200x50",
    );
    expect(await as("eve", "mkdir /srv/eve; touch /srv/eve/written /home/duo/shared && ls /srv/eve")).toBe(
      "written\nexit 0",
    );
    const allowed = "unshare -Urm mount -t tmpfs none /mnt && ls -d /proc/1 /run/dbus && touch /var/tmp/x";
    expect(await as("fay", allowed)).toBe("/proc/1\n/run/dbus\nexit 0");
  });
});

describe("an agent's access", () => {
  const others = [
    ["an agent of the same tenant", "bea"],
    ["an agent of another tenant", "cid"],
  ] as const;

  test.each(others)(
    "does not include the home, credentials, heartbeat, environment or unit of %s",
    async (_, other) => {
      const pid = await hub(`pgrep -u ${other} -f agent.sh | head -1`);
      // The home must be unreadable even if the other agent makes it world-readable by mistake.
      await hub(`chmod 0777 /home/${other}`);
      const attempts = [
        `cat /home/${other}/SOUL.md`,
        `ls /home/${other}`,
        `cat /var/lib/muster/credentials/${other}/${other}-key`,
        `tmux -S /run/muster-${other}/tmux list-sessions`,
        `tmux -S /run/muster-${other}/tmux capture-pane -p`,
        `cat /run/muster-${other}/beat`,
        `cat /proc/${pid}/environ`,
        `cat /proc/${pid}/cmdline`,
        `kill -0 ${pid}`,
        `cat /etc/systemd/system/${unit(other)}`,
        `systemctl show -P Environment ${unit(other)}`,
      ];
      const result = await as("ada", attempts.map((one) => `${one}; echo "$?"`).join("\n"));
      await hub(`chmod 0700 /home/${other}`);
      const ends = result.split("\n").filter((line) => /^\d+$/.test(line));
      expect(ends).toHaveLength(attempts.length);
      expect(ends).not.toContain("0");
      expect(result).not.toMatch(/I am|sk-|declared-for/);
    },
  );

  test("does not include its own unit file or the files of Muster and root", async () => {
    const attempts = [
      `cat /etc/systemd/system/${unit("ada")}`,
      "ls /var/lib/muster/records",
      "ls /var/lib/muster/contents",
      "ls /var/lib/muster/hostd",
      "cat /var/lib/muster/key",
      "ls /var/lib/muster/credentials/bea",
      "cat /var/lib/muster-aside/x",
      "ls /run/muster-hostd",
      'touch "$MUSTER_CREDENTIALS/new"',
      "journalctl -q -u muster-hostd | grep .",
      "touch /etc/x",
      "touch /usr/local/x",
      "touch /var/x",
      "echo 1 >/sys/fs/cgroup/x",
      "unshare -Ur true",
      "mount -t tmpfs none /mnt",
    ];
    const result = await as("ada", attempts.map((one) => `(${one}); echo "$?"`).join("\n"));
    const ends = result.split("\n").filter((line) => /^\d+$/.test(line));
    expect(ends).toHaveLength(attempts.length);
    expect(ends).not.toContain("0");
    expect(await as("ada", "ls /home /var/lib/muster/credentials; ls -d /proc/[0-9]* | wc -l")).toMatch(
      /^\/home:\nada\n\n\/var\/lib\/muster\/credentials:\nada\n\d\n/,
    );
  });

  test("does not expose secrets in command lines, unit files or logs", async () => {
    const places = `ps -eo args; cat /etc/systemd/system/muster-*; systemctl show '${unit("*")}'
      journalctl --no-pager -o json; grep -rhoaF sk- /var/log --exclude-dir=journal`;
    const text = await hub(`{ ${places}; } | grep -aoE 'sk-[a-z]+-[0-9]+' || true`);
    expect(text).toBe("");
  });
});

describe("resource limits", () => {
  const HOG = "python3 -c 'x = bytearray(256 << 20)'";
  /**
   * Whether the limits of the complete local host are enforced. The next tests use many resources only if this is
   * true, because other work shares the machine.
   */
  let isUnderCeiling = false;

  test("are also enforced for the complete local host, which protects this machine", async () => {
    expect(outer.read("pids", "limit")).toBeLessThan(32_768);
    expect(outer.read("memory", "limit")).toBeLessThan(2 ** 40);
    const eats = `systemd-run -q --wait -p OOMScoreAdjust=1000 ${HOG}; echo "$?"`;
    await outer.limit("pids", outer.read("pids", "used") + 15);
    const forks = await hub("bash -c 'for i in $(seq 40); do sleep 0.5 & done; wait' 2>&1; true").finally(
      () => outer.limit("pids", 1000),
    );
    expect(forks).toMatch(/fork: .*unavailable/);
    await outer.limit("memory", outer.read("memory", "used") + 96 * 2 ** 20);
    expect(await hub(eats).finally(() => outer.limit("memory", 2 ** 31))).not.toBe("0");
    expect(await hub(eats)).toBe("0");
    await beatOn("ada", "bea", "cid", "dot");
    isUnderCeiling = true;
  });

  /** A program that doubles its processes eight times, to 256 tasks if the limit allows them. */
  const BOMB = `python3 -c '
import os, time
for _ in range(8):
  try: os.fork()
  except OSError: pass
time.sleep(5)'`;

  test("confine a fork bomb to its agent, so that all other agents keep sending heartbeats", async () => {
    expect(isUnderCeiling).toBe(true);
    const before = await runsOf("ada", "bea", "cid");
    const bombing = as("dot", `${BOMB} || true`);
    const tasks = () => hub(`systemctl show -P TasksCurrent ${unit("dot")}`);
    await expect.poll(async () => Number(await tasks()), { timeout: 10_000 }).toBeGreaterThan(35);
    await beatOn("ada", "bea", "cid");
    expect(Number(await tasks())).toBeLessThanOrEqual(40);
    expect(await runsOf("ada", "bea", "cid")).toBe(before);
    await bombing;
  });

  test("confine excessive memory use and a busy loop to the agent that causes them", async () => {
    expect(isUnderCeiling).toBe(true);
    const before = await runsOf("ada", "bea", "cid", "dot");
    expect(await as("dot", `${HOG}; echo "ended by $?"`)).toContain("ended by 137");
    const busy = await as(
      "dot",
      `python3 -c '
import time
end = time.time() + 3
while time.time() < end: pass
print("used", time.process_time())'`,
    );
    expect(Number(/used ([\d.]+)/.exec(busy)?.[1])).toBeLessThan(0.6 * 3);
    await beatOn("ada", "bea", "cid", "dot");
    expect(await runsOf("ada", "bea", "cid", "dot")).toBe(before);
  });

  test("confine a tenant's agents together, so that another tenant's agents keep sending heartbeats", async () => {
    expect(isUnderCeiling).toBe(true);
    const before = await runsOf("cid", "fay");
    const bombing = as("ada", `${BOMB} || true`);
    const tasks = () => hub("systemctl show -P TasksCurrent muster-arc.slice");
    await expect.poll(async () => Number(await tasks()), { timeout: 10_000 }).toBeGreaterThan(100);
    await beatOn("cid", "fay");
    expect(Number(await tasks())).toBeLessThanOrEqual(120);
    await bombing;
    await beatOn("ada", "bea");
    expect(await as("ada", `${HOG}; echo "ended by $?"`)).toContain("ended by 137");
    expect(await runsOf("cid", "fay")).toBe(before);
    await beatOn("ada", "bea");
  });
});

describe("drift of resource limits", () => {
  test("is reported for a slice and for an agent's cgroup, and is repaired without a restart", async () => {
    await must(project.fleet(["drift"]));
    const before = await runsOf("ada", "dot");
    await hub(`systemctl set-property muster-arc.slice TasksMax=2000
      group=$(systemctl show -P ControlGroup ${unit("dot")})
      for file in /sys/fs/cgroup/pids$group/pids.max /sys/fs/cgroup$group/pids.max; do [ ! -e $file ] || echo 999 >$file; done`);
    const drift = await must(project.fleet(["drift"]), 7);
    expect(drift.stdout).toMatch(
      /\(tenant arc\) +limits +tasks +declared 120 +observed 2000 +changed on the host/,
    );
    expect(drift.stdout).toMatch(/\(tenant arc\) +limits +overrides +declared none/);
    expect(drift.stdout).toMatch(/dot +limits +tasks +declared 40 +observed 999 +changed on the host/);
    await must(project.pulumi(["up", "--yes", "--skip-preview"]));
    await must(project.fleet(["drift"]));
    expect(await runsOf("ada", "dot")).toBe(before);
  });

  test("is reported for the host if the kernel enforces no limits, and `pulumi up` says that it cannot repair the drift", async () => {
    const remount = (how: string) =>
      hub(`mount -o remount,bind,${how} $(awk '$3 == "cgroup2" && $2 == "/sys/fs/cgroup" {print $2}
        $3 == "cgroup" && $4 ~ /,memory/ {print $2}' /proc/mounts | head -1)`);
    await remount("ro");
    const drift = await must(project.fleet(["drift"]), 7);
    expect(drift.stdout).toMatch(/\(host\) +limits +memory +declared held +observed read-only/);
    expect(drift.stdout).toContain("this host does not enforce limits: the controller for memory is");
    const up = await must(project.pulumi(["up", "--yes", "--skip-preview"]), 1);
    expect(up.all).toContain("this host does not enforce limits: the controller for memory is");
    await remount("rw");
    await must(project.fleet(["drift"]));
  });
});
