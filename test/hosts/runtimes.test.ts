import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { localFleet } from "./support/fleets.ts";
import { type CommandResult, makeProject, must, type Project } from "./support/project.ts";

/** A Node program that needs a terminal, like `codex` and `pi`. Without a terminal it exits immediately. */
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

/** An agent's program. Its heartbeats have the state `busy`, or the state `idle` while the file `idle` exists. */
const WORKER = `#!/bin/sh
while :; do
  if [ -e idle ]; then muster-beat idle; else muster-beat busy "a review"; fi
  sleep 1
done
`;

const LAYOUT = {
  hosts: ["hub"],
  agents: { hub: ["vera", "tess", "dud", "fork", "flood", "guest", "busy", "stone", "hera", "clio"] },
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
  hera: {
    runtime: { kind: "hermes", program: "/bin/sleep", args: ["1000000"], provider: "main", model: "small" },
    onChange: "never",
  },
  clio: { runtime: { kind: "claude", program: "bin/claude", provider: "main", model: "tiny-claude" } },
};

const IDENTITY_FILES: Readonly<Record<string, object>> = {
  hera: {
    ".hermes/config.yaml": { text: "# ours\ndisplay:\n  skin: plain\n", write: "merge" },
    ".claude/settings.json": { text: '{"permissions": {"defaultMode": "plan"}}\n', write: "merge" },
    ".codex/config.toml": { text: "[features]\nshell_snapshot = false\n", write: "merge" },
  },
  clio: { "bin/claude": { text: "#!/bin/sh\nexec sleep 1000000\n", mode: "0755" } },
};

let project: Project;
let first: CommandResult;

const hub = (script: string) => project.onHost("hub", script);
const unit = (name: string) => `muster-agent-${name}.service`;
const runOf = (name: string) => hub(`systemctl show -P InvocationID ${unit(name)}`);
const isActive = (name: string) => hub(`systemctl is-active ${unit(name)} || true`);

/** Runs a command on an agent's tmux server, as that agent's user. */
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
  const { stdout } = await project.fleet(["ps", "--json"]);
  return (JSON.parse(stdout) as { agents: Row[] }).agents.find(({ agent }) => agent === name);
}

function files(change: (agents: Record<string, Record<string, unknown>>) => void = () => undefined) {
  const all = localFleet(LAYOUT);
  const fleet = parse(all["fleet.yaml"] ?? "");
  const agents: Record<string, Record<string, unknown>> = {};
  for (const name of LAYOUT.agents.hub)
    agents[name] = { host: "hub", tenant: "arc", identity: name, ...AGENTS[name] };
  for (const [name, own] of Object.entries(IDENTITY_FILES)) fleet.identities[name].files = own;
  change(agents);
  const providers = { main: { vendor: "anthropic" } };
  return {
    ...all,
    "agent.sh": WORKER,
    "fleet.yaml": stringify({ ...fleet, credentials: {}, providers, agents }),
  };
}

/** A fleet.yaml without the agents that fail. The startup inputs of busy and stone are changed. */
const changed = files((agents) => {
  for (const name of ["dud", "fork", "flood"]) delete agents[name];
  Object.assign(agents["busy"] ?? {}, { env: { LEVEL: "2" } });
  Object.assign(agents["stone"] ?? {}, { env: { LEVEL: "2" } });
})["fleet.yaml"];

/**
 * Installs vera's runtime and a link to Node in one folder, because the PATH of agents does not contain the host's
 * Node.
 */
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

  test("is refused by `pulumi up` in one sentence if its program does not exist", async () => {
    expect(first.exitCode).toBe(1);
    expect(first.all).toMatch(
      /vera finds no program \S+ in any folder of its PATH, \/opt\/pi\/bin:\/usr\/bin:\/bin/,
    );
    expect(await isActive("vera")).toBe("inactive");
  });

  test.each([
    ["exits immediately", "dud"],
    ["forks and exits", "fork"],
  ])(
    "is reported by `pulumi up` in one sentence and quarantined if its program %s, and no process remains",
    async (_, name) => {
      expect(failureOf(name).join("\n")).toContain("its program exited within a second of its start");
      await expect.poll(async () => (await row(name))?.state, { timeout: 30_000 }).toBe("quarantined");
      expect(await hub(`pgrep -u ${name} || echo nobody`)).toBe("nobody");
    },
  );

  test("uses limited memory and does not affect other agents if its program floods the terminal", async () => {
    const server = await hub(`systemctl show -P MainPID ${unit("flood")}`);
    const memory = async () => Number(await hub(`awk '/VmRSS/ {print $2}' /proc/${server}/status`));
    const before = await memory();
    await hub("sleep 5");
    expect(await memory()).toBeLessThan(before + 20_000);
    expect(await row("flood")).toMatchObject({ state: "running", process: "yes" });
    expect(await row("busy")).toMatchObject({ state: "running", beat: "busy" });
  });

  test("does not prevent other agents on the host from starting", async () => {
    for (const name of ["tess", "busy", "stone"]) expect(await isActive(name)).toBe("active");
  });
});

describe("a changed agent declaration", () => {
  test("makes `pulumi preview` list the agents that will restart", async () => {
    project.write("fleet.yaml", changed ?? "");
    const preview = await must(project.pulumi(["preview"]));
    expect(preview.all).toContain("hub: busy restarts when it is idle, after 60 min at the latest");
    expect(preview.all).toContain("hub: stone does not restart, and keeps running as before");
    expect(preview.all).not.toContain("tess is");
  });

  test("restarts a busy agent once the agent is idle, and does not restart an agent with onChange `never`", async () => {
    await install();
    const before = await Promise.all(["busy", "stone", "tess"].map(runOf));
    const up = await must(project.pulumi(["up", "--yes", "--skip-preview"]));
    expect(up.all).toContain("busy keeps running as before, because it is not idle");
    expect(await Promise.all(["busy", "stone", "tess"].map(runOf))).toEqual(before);
    expect((await must(project.fleet(["drift"]))).stdout).toContain("no drift");
    expect((await project.fleet(["ps"])).stdout).toMatch(
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
  test("get a terminal on all three streams, with raw mode and a size", async () => {
    expect(await hub("cd /tmp; PATH=/opt/pi/bin:$PATH pi 2>&1 || true")).toBe("stdin is not a terminal");
    await expect.poll(() => isActive("vera"), { timeout: 30_000 }).toBe("active");
    const seen = JSON.parse(await hub("cat /home/vera/seen.json"));
    expect(seen.size).toEqual([200, 50]);
    const fds = `/proc/${await paneOf("vera")}/fd`;
    expect(await hub(`for fd in 0 1 2; do readlink ${fds}/$fd; done | sort -u`)).toMatch(/^\/dev\/pts\/\d+$/);
  });

  test("can draw in their tmux pane", async () => {
    expect(await hub("top -d 5 </dev/null >/dev/null 2>&1; echo $?")).not.toBe("0");
    await expect.poll(() => tmux("tess", "capture-pane -p"), { timeout: 30_000 }).toMatch(/PID +USER/);
    expect(await row("tess")).toMatchObject({ state: "running", process: "top" });
  });

  test("are found in the declared PATH, and `fleet ps` shows the name of their process", async () => {
    expect(await hub("command -v pi || echo none")).toBe("none");
    expect(await row("vera")).toMatchObject({ state: "running", process: "node" });
    // Two other agents run a stand-in for their runtime, which `fleet ps` reports as drift.
    expect((await must(project.fleet(["ps"]), 7)).stdout).not.toContain("vera: its pane runs");
    await hub("chmod 644 /opt/pi/bin/pi");
    const drift = await must(project.fleet(["drift"]), 7);
    expect(drift.stdout).toContain("vera: vera finds no program pi in any folder of its PATH");
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

test("a runtime finds the agent's identity in the file that the runtime reads, and a change of this file is drift", async () => {
  const path = "/home/vera/.pi/agent/AGENTS.md";
  expect(await hub(`cat ${path}`)).toBe("# vera\n\nI am vera.");
  await hub(`echo 'I am somebody.' >${path}`);
  expect((await must(project.fleet(["drift"]), 7)).stdout).toMatch(/vera +\.pi\/agent\/AGENTS\.md +content/);
  await hub(`cp -a /home/vera/SOUL.md ${path}`);
});

describe("a file that both Muster and an agent write", () => {
  const asHera = (script: string) => hub(`runuser -u hera -- sh -euc '${script}'`);
  const textOf = (path: string) => hub(`cat /home/hera/${path}`);

  test("keeps the agent's keys and comments, and `up` restores only the declared keys that have drifted", async () => {
    expect(await textOf(".hermes/config.yaml")).toBe(
      '# ours\ndisplay:\n  skin: plain\nmodel:\n  default: "small"\n  provider: "anthropic"\nfallback_providers: []\napprovals:\n  mode: "off"',
    );
    await asHera(`cd; sed -i s/small/huge/ .hermes/config.yaml
      echo "mine: [a,   b] # by hera" >>.hermes/config.yaml
      echo "{ \\"model\\": \\"opus\\", \\"permissions\\": {\\"defaultMode\\": \\"auto\\", \\"deny\\": []} }" >.claude/settings.json
      chmod 600 .claude/settings.json
      printf "[tui]  # seen\\nscreen_reader_detection_done = true\\n" >>.codex/config.toml`);
    const { stdout } = await must(project.fleet(["drift"]), 7);
    expect(stdout).toMatch(
      /hera +\.hermes\/config\.yaml +model\.default +declared small +observed huge +changed on the host: RUNTIME/,
    );
    expect(stdout).toMatch(
      /hera +\.claude\/settings\.json +permissions\.defaultMode +declared plan +observed auto +changed on the host\n/,
    );
    expect(stdout).toContain("2 differences on 1 host");
    await must(project.pulumi(["up", "--yes", "--skip-preview"]));
    expect(await textOf(".hermes/config.yaml")).toBe(
      '# ours\ndisplay:\n  skin: plain\nmodel:\n  default: "small"\n  provider: "anthropic"\nfallback_providers: []\napprovals:\n  mode: "off"\nmine: [a,   b] # by hera',
    );
    expect(await textOf(".claude/settings.json")).toBe(
      '{ "model": "opus", "permissions": {"defaultMode": "plan", "deny": []} }',
    );
    expect(await textOf(".codex/config.toml")).toBe(
      "[features]\nshell_snapshot = false\n[tui]  # seen\nscreen_reader_detection_done = true",
    );
    expect(await hub("stat -c '%U %a' /home/hera/.hermes/config.yaml")).toBe("hera 600");
    expect((await must(project.fleet(["drift"]))).stdout).toContain("no drift");
  });

  test("is refused and not changed if it cannot be parsed, and other agents are not affected", async () => {
    await asHera("cd; echo {broken >.claude/settings.json; echo drifted >SOUL.md");
    await hub("echo drifted >/home/stone/SOUL.md");
    const sentence = "hera: /home/hera/.claude/settings.json is not valid JSON: ";
    expect((await must(project.fleet(["drift"]), 7)).stdout).toContain(sentence);
    const up = await project.pulumi(["up", "--yes", "--skip-preview"]);
    expect(up.exitCode).toBe(1);
    expect(up.all).toContain("/home/hera/.claude/settings.json is not valid JSON: ");
    expect(await textOf(".claude/settings.json")).toBe("{broken");
    expect(await hub("cat /home/stone/SOUL.md")).not.toContain("drifted");
    expect(await isActive("hera")).toBe("active");
    await asHera("rm ~/.claude/settings.json");
    await must(project.pulumi(["up", "--yes", "--skip-preview"]));
    expect(await textOf(".claude/settings.json")).toBe('{"permissions": {"defaultMode": "plan"}}');
  });

  test("keeps the agent's keys when the file is no longer declared", async () => {
    const fleet = parse(changed ?? "");
    delete fleet.identities.hera.files[".codex/config.toml"];
    project.write("fleet.yaml", stringify(fleet));
    await must(project.pulumi(["up", "--yes", "--skip-preview"]));
    expect(await textOf(".codex/config.toml")).toBe("[tui]  # seen\nscreen_reader_detection_done = true");
    project.write("fleet.yaml", changed ?? "");
    await must(project.pulumi(["up", "--yes", "--skip-preview"]));
    expect(await textOf(".codex/config.toml")).toBe(
      "[tui]  # seen\nscreen_reader_detection_done = true\n\n[features]\nshell_snapshot = false",
    );
  });
});

test("a model that a session has chosen itself is reported, and `up` does not interrupt the session", async () => {
  const choice = {
    type: "user",
    timestamp: "NOW",
    message: { role: "user", content: "<local-command-stdout>Set model to sonnet</local-command-stdout>" },
  };
  await hub(`cd /home/clio; folder=.claude/projects/-home-clio; install -d -o clio .claude/projects $folder
    echo ${Buffer.from(JSON.stringify(choice)).toString("base64")} | base64 -d |
      sed "s/NOW/$(date -u +%FT%T.999Z)/" >$folder/a.jsonl; chown clio $folder/a.jsonl`);
  const { stdout } = await must(project.fleet(["drift"]), 7);
  expect(stdout).toMatch(
    /clio +model +model +declared tiny-claude +observed sonnet +changed on the host: RUNTIME/,
  );
  expect(stdout).toContain("clio: the session itself has chosen the model sonnet.");
  const before = await runOf("clio");
  const up = await must(project.pulumi(["up", "--yes", "--skip-preview"]));
  expect(up.all).toContain("the session itself has chosen the model sonnet");
  expect(await runOf("clio")).toBe(before);
  await must(project.fleet(["stop", "clio"]));
  await must(project.fleet(["start", "clio"]));
  expect((await must(project.fleet(["drift"]))).stdout).toContain("no drift");
});

describe("an ephemeral agent", () => {
  test("runs only after it was started by name, and ends after its time to live", async () => {
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

  test("is not started by a reboot, unlike an agent that is always on", async () => {
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
      .toEqual(["vera", "tess", "busy", "stone", "hera", "clio"]);
    expect(await hub("cat /proc/sys/kernel/random/boot_id")).not.toBe(boot);
    expect(await isActive("guest")).toBe("inactive");
    expect((await must(project.fleet(["drift"]))).stdout).toContain("no drift");
  });
});
