import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { localFleet } from "./support/fleets.ts";
import { type CommandResult, makeProject, must, type Project } from "./support/project.ts";

/** A Node program that needs a terminal, as `codex` and `pi` do: without one it exits at once. */
const PI = `#!/usr/bin/env node
const { stdin, stdout, stderr, env } = process;
if (![stdin, stdout, stderr].every((one) => one.isTTY)) {
  console.error("stdin is not a terminal");
  process.exit(1);
}
stdin.setRawMode(true);
const seen = { size: stdout.getWindowSize(), args: process.argv.slice(2), env };
require("node:fs").writeFileSync(env.HOME + "/seen.json", JSON.stringify(seen));
setInterval(() => {}, 1000);
`;

/** Reports busy, or idle while the file `idle` exists. */
const WORKER = `#!/bin/sh
while :; do
  if [ -e idle ]; then muster-beat idle; else muster-beat busy "a review"; fi
  sleep 1
done
`;

const LAYOUT = {
  hosts: ["hub"],
  agents: { hub: ["vera", "tess", "dud", "fork", "flood", "guest", "busy", "stone"] },
};

const SLEEPER = ["/bin/sleep", "1000000"];

/** vera's runtime is installed later. tess runs a real Debian program that needs a terminal. */
const AGENTS: Readonly<Record<string, object>> = {
  vera: {
    runtime: { kind: "pi", provider: "main", model: "claude-sonnet-4-5", args: ["--continue"] },
    env: { PATH: "/opt/pi/bin:/usr/bin:/bin", GREETING: 'a "b" $HOME 50% é' },
  },
  tess: { command: ["top", "-d", "5"] },
  dud: { command: ["/bin/sh", "-c", "exit 3"] },
  fork: { command: ["/bin/sh", "-c", "setsid sleep 987654 & exit 0"] },
  flood: { command: ["yes", "I have much to say"] },
  guest: { command: SLEEPER, lifecycle: "ephemeral", ttl: 8 },
  busy: { command: ["/bin/sh", "agent.sh"], heartbeat: { by: "file", interval: 2, timeout: 30 } },
  stone: { command: SLEEPER, onChange: "never" },
};

let project: Project;
let first: CommandResult;

const hub = (script: string) => project.onHost("hub", script);
const unit = (name: string) => `muster-agent-${name}.service`;
const runOf = (name: string) => hub(`systemctl show -P InvocationID ${unit(name)}`);
const isActive = (name: string) => hub(`systemctl is-active ${unit(name)} || true`);

/** Runs a tmux command on an agent's server, as that agent. */
const tmux = (name: string, ask: string) =>
  hub(`runuser -u ${name} -- tmux -S /run/muster-${name}/tmux ${ask}`);
const paneOf = (name: string) => tmux(name, "list-panes -F '#{pane_pid}'");

interface Row {
  readonly agent: string;
  readonly state: string;
  readonly process?: string;
  readonly beat?: string;
  readonly owed?: { readonly restart: string };
}

async function row(name: string): Promise<Row | undefined> {
  const { stdout } = await must(project.fleet(["ps", "--json"]));
  return (JSON.parse(stdout) as { agents: Row[] }).agents.find(({ agent }) => agent === name);
}

function files(change: (agents: Record<string, Record<string, unknown>>) => void = () => undefined) {
  const all = localFleet(LAYOUT);
  const fleet = parse(all["fleet.yaml"] ?? "");
  const agents: Record<string, Record<string, unknown>> = {};
  for (const name of LAYOUT.agents.hub)
    agents[name] = { host: "hub", tenant: "arc", identity: name, ...AGENTS[name] };
  change(agents);
  const providers = { main: { vendor: "anthropic" } };
  return {
    ...all,
    "agent.sh": WORKER,
    "fleet.yaml": stringify({ ...fleet, credentials: {}, providers, agents }),
  };
}

/** The fleet without the agents that fail, and with changed startup inputs of busy and stone. */
const changed = files((agents) => {
  for (const name of ["dud", "fork", "flood"]) delete agents[name];
  Object.assign(agents["busy"] ?? {}, { env: { LEVEL: "2" } });
  Object.assign(agents["stone"] ?? {}, { env: { LEVEL: "2" } });
})["fleet.yaml"];

/** Installs the runtime next to a link to the host's only Node, which is not in any PATH. */
const install = () =>
  hub(`mkdir -p /opt/pi/bin; cd /opt/pi/bin
    ln -s "$(ls /usr/local/lib/muster/node-*/node | head -1)" node
    echo ${Buffer.from(PI).toString("base64")} | base64 -d >pi; chmod 755 pi`);

beforeAll(async () => {
  project = await makeProject(files());
  first = await project.pulumi(["up", "--yes", "--skip-preview"]);
});

afterAll(() => project?.dispose());

describe("an agent with a faulty command", () => {
  const failureOf = (name: string) =>
    first.all.split("\n").filter((line) => line.includes(`hub/${name}/agent`) || line.includes(unit(name)));

  test("is refused by up in one sentence if its program does not exist", async () => {
    expect(first.exitCode).toBe(1);
    expect(first.all).toMatch(
      /vera finds no such program in any folder of its PATH, \/opt\/pi\/bin:\/usr\/bin:\/bin/,
    );
    expect(await isActive("vera")).toBe("inactive");
  });

  test.each([
    ["exits at once", "dud"],
    ["forks away", "fork"],
  ])(
    "is reported by up in one sentence if its program %s, is quarantined, and leaves no process",
    async (_, name) => {
      expect(failureOf(name).join("\n")).toContain("its program exited within a second of its start");
      await expect.poll(async () => (await row(name))?.state, { timeout: 30_000 }).toBe("quarantined");
      expect(await hub(`pgrep -u ${name} || echo nobody`)).toBe("nobody");
    },
  );

  test("uses bounded memory and does not affect other agents if its program floods its terminal", async () => {
    const server = await hub(`systemctl show -P MainPID ${unit("flood")}`);
    const memory = async () => Number(await hub(`awk '/VmRSS/ {print $2}' /proc/${server}/status`));
    const before = await memory();
    await hub("sleep 5");
    expect(await memory()).toBeLessThan(before + 20_000);
    expect(await row("flood")).toMatchObject({ state: "running", process: "yes" });
    expect(await row("busy")).toMatchObject({ state: "running", beat: "busy" });
  });

  test("does not keep the host's remaining agents from starting", async () => {
    for (const name of ["tess", "busy", "stone"]) expect(await isActive(name)).toBe("active");
  });
});

describe("a changed agent declaration", () => {
  test("is shown by preview with the agents that will restart", async () => {
    project.write("fleet.yaml", changed ?? "");
    const preview = await must(project.pulumi(["preview"]));
    expect(preview.all).toContain("hub: busy restarts when it is idle, after 60 min at the latest");
    expect(preview.all).toContain("hub: stone does not restart, and keeps running as before");
    expect(preview.all).not.toContain("tess is");
  });

  test("restarts a busy agent only once it is idle, never restarts an agent with onChange `never`, and causes no drift", async () => {
    await install();
    const before = await Promise.all(["busy", "stone", "tess"].map(runOf));
    const up = await must(project.pulumi(["up", "--yes", "--skip-preview"]));
    expect(up.all).toContain("busy keeps running as before, because it is not idle");
    expect(await Promise.all(["busy", "stone", "tess"].map(runOf))).toEqual(before);
    expect((await must(project.fleet(["drift"]))).stdout).toContain("no drift");
    expect((await must(project.fleet(["ps"]))).stdout).toMatch(
      /busy still runs as it was declared before .*when it is idle/,
    );
    await hub("touch /home/busy/idle");
    await expect.poll(() => runOf("busy"), { timeout: 60_000, interval: 500 }).not.toBe(before[0]);
    await expect.poll(async () => (await row("busy"))?.owed, { timeout: 30_000 }).toBeUndefined();
    const environment = async () => hub(`tr '\\0' '\\n' </proc/${await paneOf("busy")}/environ`);
    await expect.poll(() => environment().catch(() => ""), { timeout: 30_000 }).toContain("LEVEL=2");
    expect((await row("stone"))?.owed).toMatchObject({ restart: "never" });
    expect(await runOf("stone")).toBe(before[1]);
  });
});

describe("runtimes that need a terminal (example fleet, finding 1)", () => {
  test("have a terminal on all three streams, with raw mode and a size", async () => {
    expect(await hub("cd /tmp; PATH=/opt/pi/bin:$PATH pi 2>&1 || true")).toBe("stdin is not a terminal");
    await expect.poll(() => isActive("vera"), { timeout: 30_000 }).toBe("active");
    const seen = JSON.parse(await hub("cat /home/vera/seen.json"));
    expect(seen.size).toEqual([200, 50]);
    const fds = `/proc/${await paneOf("vera")}/fd`;
    expect(await hub(`for fd in 0 1 2; do readlink ${fds}/$fd; done | sort -u`)).toMatch(/^\/dev\/pts\/\d+$/);
  });

  test("draw in their tmux pane, as a real Debian program does", async () => {
    expect(await hub("top -d 5 </dev/null >/dev/null 2>&1; echo $?")).not.toBe("0");
    await expect.poll(() => tmux("tess", "capture-pane -p"), { timeout: 30_000 }).toMatch(/PID +USER/);
    expect(await row("tess")).toMatchObject({ state: "running", process: "top" });
  });

  test("are the main process of their tmux pane even if found only by the declared PATH, and ps shows their name", async () => {
    expect(await hub("command -v pi || echo none")).toBe("none");
    expect(await row("vera")).toMatchObject({ state: "running", process: "node" });
    expect((await must(project.fleet(["ps"]))).stdout).not.toContain("none of pi's");
    await hub("chmod 644 /opt/pi/bin/pi");
    const drift = await must(project.fleet(["drift"]), 7);
    expect(drift.stdout).toContain("vera: its program is not on the host");
    await hub("chmod 755 /opt/pi/bin/pi");
  });
});

test("an agent's program gets its complete environment (example fleet, finding 2)", async () => {
  const { env, args } = JSON.parse(await hub("cat /home/vera/seen.json"));
  expect(env).toMatchObject({
    ...{ MUSTER_AGENT: "vera", MUSTER_TENANT: "arc", HOME: "/home/vera" },
    ...{ PATH: "/opt/pi/bin:/usr/bin:/bin", GREETING: 'a "b" $HOME 50% é' },
  });
  expect(args).toEqual(["--provider", "anthropic", "--model", "claude-sonnet-4-5", "--continue"]);
});

test("a runtime finds the agent's identity in a file of its own, which Muster maintains like SOUL.md", async () => {
  const path = "/home/vera/.pi/agent/AGENTS.md";
  expect(await hub(`cat ${path}`)).toBe("# vera\n\nI am vera.");
  await hub(`echo 'I am somebody.' >${path}`);
  expect((await must(project.fleet(["drift"]), 7)).stdout).toMatch(/vera +\.pi\/agent\/AGENTS\.md +content/);
  await hub(`cp -a /home/vera/SOUL.md ${path}`);
});

describe("an ephemeral agent", () => {
  test("starts only by name and ends after its time to live, and neither is drift or a failure", async () => {
    expect(await row("guest")).toMatchObject({
      state: "stopped",
      lifecycle: "ephemeral",
      enabled: "disabled",
    });
    expect((await must(project.fleet(["start", "guest"]))).stdout).toContain(
      "guest is running, for at most 8s",
    );
    expect(await isActive("guest")).toBe("active");
    expect((await must(project.fleet(["drift"]))).stdout).toContain("no drift");
    await expect.poll(() => isActive("guest"), { timeout: 60_000, interval: 500 }).toBe("inactive");
    const { stdout } = await must(project.fleet(["history", "guest", "--json"]));
    const events = (JSON.parse(stdout) as { events: { event: string; detail?: string }[] }).events;
    expect(events.at(-1)).toMatchObject({ event: "ended", detail: "its time to live of 8 s has passed" });
    expect(events.map(({ event }) => event)).not.toContain("died");
  });

  test("is not started by a reboot, unlike all agents that are always on", async () => {
    await hub(`systemctl disable -q ${unit("stone")}`);
    const drift = await must(project.fleet(["drift"]), 7);
    expect(drift.stdout).toMatch(/stone +unit +enabled +declared enabled +observed disabled .*BOOT-ENABLE/);
    expect(drift.stdout).toContain("stone would not come back after a reboot");
    await hub(`systemctl enable -q ${unit("stone")}`);
    await must(project.fleet(["start", "guest"]));
    const boot = await hub("cat /proc/sys/kernel/random/boot_id");
    await hub("systemctl reboot").catch(() => "");
    const running = async () => {
      const { stdout } = await project.fleet(["ps", "--json"]);
      const { agents = [] } = JSON.parse(stdout || "{}") as { agents?: Row[] };
      return agents.filter(({ state }) => state === "running").map(({ agent }) => agent);
    };
    await expect
      .poll(running, { timeout: 120_000, interval: 1000 })
      .toEqual(["vera", "tess", "busy", "stone"]);
    expect(await hub("cat /proc/sys/kernel/random/boot_id")).not.toBe(boot);
    expect(await isActive("guest")).toBe("inactive");
    expect((await must(project.fleet(["drift"]))).stdout).toContain("no drift");
  });
});
