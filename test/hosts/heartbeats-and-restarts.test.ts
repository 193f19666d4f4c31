import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { localFleet } from "./support/fleets.ts";
import { makeProject, must, type Project } from "./support/project.ts";

/**
 * An agent's program. It sends heartbeats until the file `hang` exists, and then continues to run without heartbeats.
 */
const BEATING = `#!/bin/sh
while :; do
  [ -e hang ] || muster-beat busy "a review"
  sleep 1
done
`;

const LAYOUT = { hosts: ["hub"], agents: { hub: ["ada", "bea", "cid", "dot", "eve", "fay"] } };

/**
 * ada, bea and cid send heartbeats by file, and dot sends them only by its pane. eve sends none, and exits immediately
 * while the file `crash` exists. fay sends heartbeats only when something happens, and is idle from then on.
 */
const HEARTBEATS: Readonly<Record<string, object>> = {
  ada: { by: "file", interval: 2, timeout: 8 },
  bea: { by: "file", interval: 2, timeout: 8 },
  cid: { by: "file", interval: 2, timeout: 8 },
  dot: { by: "pane", interval: 10, timeout: 30 },
  eve: { by: "none" },
  fay: { by: "file", interval: 2, timeout: 8 },
};

const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  dot: ["/bin/sh", "-c", "while :; do [ -e hang ] || date; sleep 1; done"],
  eve: ["/bin/sh", "-c", "[ -e crash ] && exit 1; exec sleep 1000000"],
  fay: ["/bin/sh", "-c", "muster-beat busy; sleep 2; muster-beat idle; exec sleep 1000000"],
};

interface Row {
  readonly agent: string;
  readonly state: string;
  readonly beat?: string;
  readonly task?: string;
  readonly problem?: string;
  readonly held?: string;
}

let project: Project;

const hub = (script: string) => project.onHost("hub", script);
const unit = (name: string) => `muster-agent-${name}.service`;

type Agents = Readonly<Record<string, object | undefined>>;

/**
 * Returns the files of the fleet.
 *
 * @param changes properties that replace the agents' properties; `undefined` removes the agent
 */
function files(changes: Agents = {}): Record<string, string> {
  const all = localFleet(LAYOUT);
  const fleet = parse(all["fleet.yaml"] ?? "");
  for (const [name, agent] of Object.entries<Record<string, unknown>>(fleet.agents)) {
    Object.assign(agent, { heartbeat: HEARTBEATS[name], credentials: [] });
    if (COMMANDS[name]) agent["command"] = COMMANDS[name];
    delete agent["watchdog"];
    Object.assign(agent, changes[name]);
    if (name in changes && changes[name] === undefined) delete fleet.agents[name];
  }
  return { ...all, "agent.sh": BEATING, "fleet.yaml": stringify({ ...fleet, credentials: {} }) };
}

/** Changes agents in fleet.yaml, relative to the original file. */
function declare(changes: Agents): void {
  project.write("fleet.yaml", files(changes)["fleet.yaml"] ?? "");
}

async function rows(): Promise<Record<string, Row>> {
  const { stdout } = await project.fleet(["ps", "--json"]);
  const { agents } = JSON.parse(stdout) as { agents: Row[] };
  return Object.fromEntries(agents.map((row) => [row.agent, row]));
}

const stateOf = async (name: string) => (await rows())[name]?.state;

/** Returns the ID of the current run of an agent's unit. Each run has a new ID. */
const runOf = (name: string) => hub(`systemctl show -P InvocationID ${unit(name)}`);

async function events(name?: string): Promise<{ event: string; agent?: string; detail?: string }[]> {
  const { stdout } = await must(project.fleet(["history", ...(name ? [name] : []), "--json"]));
  return JSON.parse(stdout).events;
}

/** Waits until an agent is active again in a new run. */
async function isBack(name: string, before: string): Promise<void> {
  const one = (property: string) => `$(systemctl show -P ${property} ${unit(name)})`;
  await expect
    .poll(() => hub(`echo ${one("ActiveState")} ${one("InvocationID")}`), { timeout: 90_000, interval: 500 })
    .toMatch(new RegExp(`^active (?!${before})`));
}

beforeAll(async () => {
  project = await makeProject(files());
  await must(project.pulumi(["up", "--yes", "--skip-preview"]));
});

afterAll(() => project?.dispose());

test("an agent that sends heartbeats is listed with its task, and `fleet drift` finds nothing", async () => {
  await expect
    .poll(async () => (await rows())["ada"], { timeout: 30_000 })
    .toMatchObject({
      state: "running",
      beat: "busy",
      task: "a review",
    });
  expect((await must(project.fleet(["drift"]))).stdout).toContain("no drift");
});

describe("the deadman", () => {
  test("restarts an agent that was killed or that hangs, with both kinds of heartbeat (file and pane)", async () => {
    const names = ["ada", "bea", "cid", "dot"];
    const before = await Promise.all(names.map(runOf));
    const calm = await runOf("eve");
    await hub(`kill -9 $(pgrep -u ada -f agent.sh)
      systemctl kill --kill-who=main --signal=SIGKILL ${unit("bea")}
      pkill -STOP -u cid -f agent.sh
      touch /home/dot/hang`);
    for (const [i, name] of names.entries()) await isBack(name, before[i] ?? "");
    await hub("rm /home/dot/hang");
    expect(await runOf("eve")).toBe(calm);
    const history = await events();
    for (const name of names)
      expect(history.map((one) => `${one.agent} ${one.event}`)).toContain(`${name} restarted`);
    expect(history).toContainEqual(expect.objectContaining({ agent: "ada", event: "died" }));
    expect(history).toContainEqual(expect.objectContaining({ agent: "cid", event: "hung" }));
    expect(history).toContainEqual(expect.objectContaining({ agent: "dot", event: "hung" }));
  });
});

describe("a deadman that was killed or hangs", () => {
  test.each([
    ["killed", "SIGKILL"],
    ["hung", "SIGSTOP"],
  ])("is restarted within 10 s and keeps its state (%s)", async (_, signal) => {
    const pid = "systemctl show -P MainPID muster-hostd";
    const memory =
      "sed 's/\"clock\":[0-9.]*//' /var/lib/muster/hostd/memory.json | grep -o '\"counted\":[0-9]*'";
    const before = await hub(memory);
    const seconds = await hub(`was=$(${pid}); start=$(date +%s%N)
      kill -${signal} $was
      until [ "$(systemctl is-active muster-hostd)" = active ] && [ "$(${pid})" != "$was" ] && [ "$(${pid})" != 0 ]
      do sleep 0.1; done
      echo $((($(date +%s%N) - start) / 1000000))`);
    expect(Number(seconds)).toBeLessThan(10_000);
    expect(await hub(memory)).toBe(before);
    const last = (await events()).filter(({ event }) => event === "hostd-started").at(-1);
    expect(last?.detail).toBe("after it was killed or hung");
  });
});

describe("an agent that keeps dying", () => {
  test("is quarantined after five restarts, and both `pulumi up` and `fleet drift` report the quarantine", async () => {
    await hub(`touch /home/eve/crash; systemctl kill --signal=SIGKILL ${unit("eve")}`);
    await expect.poll(() => stateOf("eve"), { timeout: 60_000 }).toBe("quarantined");
    expect(await hub(`systemctl is-active ${unit("eve")} || true`)).toBe("inactive");
    const quarantined = (await events("eve")).filter(({ event }) => event === "quarantined");
    expect(quarantined).toEqual([
      expect.objectContaining({ detail: expect.stringMatching(/^[56] restarts/) }),
    ]);
    const drift = await must(project.fleet(["drift"]), 7);
    expect(drift.stdout).toMatch(/eve +unit +active +declared running +observed quarantined/);
    expect(drift.stdout).toContain("npx fleet release eve");
    const up = await must(project.pulumi(["up", "--yes", "--skip-preview"]), 1);
    expect(up.all).toContain("it has been in quarantine since");
    expect((await must(project.fleet(["start", "eve"]), 1)).all).toContain("npx fleet release eve");
    expect(await hub(`systemctl start ${unit("eve")}; systemctl is-active ${unit("eve")} || true`)).toBe(
      "inactive",
    );
  });

  test("remains quarantined after a reboot, until somebody releases the agent", async () => {
    const before = await Promise.all(["ada", "dot"].map(runOf));
    const boot = await hub("cat /proc/sys/kernel/random/boot_id");
    await hub("systemctl reboot").catch(() => "");
    // Code 5 says that an agent is in quarantine.
    const isUp = async () => (await project.fleet(["ps", "--json"])).exitCode === 5;
    await expect.poll(isUp, { timeout: 120_000, interval: 1000 }).toBe(true);
    await expect.poll(() => stateOf("ada"), { timeout: 60_000 }).toBe("running");
    expect(await hub("cat /proc/sys/kernel/random/boot_id")).not.toBe(boot);
    for (const [i, name] of ["ada", "dot"].entries()) await isBack(name, before[i] ?? "");
    expect(await stateOf("eve")).toBe("quarantined");
    await hub("rm /home/eve/crash");
    expect((await must(project.fleet(["release", "eve"]))).stdout).toContain("eve is released and running");
    expect(await stateOf("eve")).toBe("running");
    expect((await must(project.fleet(["release", "eve"]), 1)).all).toContain("it is not in quarantine");
    expect((await must(project.fleet(["drift"]))).stdout).toContain("no drift");
  });
});

describe("an invalid heartbeat file", () => {
  let calm = "";

  beforeAll(async () => {
    calm = await runOf("bea");
    await hub("touch /var/lib/muster/hostd/hold-ada; pkill -STOP -u ada -f agent.sh");
  });

  test.each([
    ["with garbage", "ada", "head -c 3000 /dev/urandom >/run/muster-ada/beat", "not a JSON object"],
    [
      "from the future",
      "ada",
      `echo '{"time":"2199-01-01T00:00:00Z","state":"idle"}' >/run/muster-ada/beat`,
      "in the future",
    ],
    ["owned by another user", "root", "cp /etc/hostname /run/muster-ada/beat", "another user"],
    ["that is a symlink", "ada", "ln -sfn /etc/shadow /run/muster-ada/beat", "is a symlink"],
    ["that is a fifo", "ada", "mkfifo /run/muster-ada/beat", "is a fifo"],
    ["of 1 GB", "ada", "truncate -s 1G /run/muster-ada/beat", "more than"],
  ])("is reported and affects no other agent (%s)", async (_, user, plant, problem) => {
    await hub(`rm -rf /run/muster-ada/beat\nrunuser -u ${user} -- sh <<'END'\n${plant}\nEND`);
    await expect.poll(async () => (await rows())["ada"]?.problem, { timeout: 20_000 }).toContain(problem);
    expect(await stateOf("bea")).toBe("running");
    expect(await runOf("bea")).toBe(calm);
  });

  test("counts as a missing heartbeat once the agent's hold ends", async () => {
    expect((await rows())["ada"]?.held).toContain("hold-ada");
    const before = await runOf("ada");
    await hub("rm /var/lib/muster/hostd/hold-ada");
    await isBack("ada", before);
  });
});

test("an agent that somebody has stopped is reported as drift, and can be started by name", async () => {
  await must(project.fleet(["stop", "dot"]));
  expect(await stateOf("dot")).toBe("stopped");
  expect((await must(project.fleet(["drift"]), 7)).stdout).toMatch(/dot +unit +active/);
  await must(project.fleet(["start", "dot"]));
  expect(await stateOf("dot")).toBe("running");
  const requests = (await events("dot")).flatMap(({ event, detail }) => (event === "asked" ? [detail] : []));
  expect(requests).toEqual([expect.stringMatching(/^to stop, by /), expect.stringMatching(/^to start, by /)]);
});

test("an idle agent whose heartbeats come from events is neither stale nor restarted", async () => {
  expect((await rows())["fay"]).toMatchObject({ state: "running", beat: "idle" });
  expect((await events("fay")).map(({ event }) => event)).not.toContain("hung");
  expect((await events("fay")).map(({ event }) => event)).not.toContain("stale");
});

describe("a change of an agent's command or environment", () => {
  test("restarts the agent within a minute, even if the agent prints something every second", async () => {
    const before = await runOf("dot");
    declare({ dot: { onChange: "when-idle" } });
    await must(project.pulumi(["up", "--yes", "--skip-preview"]));
    declare({ dot: { onChange: "when-idle", env: { LEVEL: "2" } } });
    const preview = await must(project.pulumi(["preview"]));
    expect(preview.all).toMatch(/hub: dot restarts when it is idle, .*; it is down for at most 10 s/);
    await must(project.pulumi(["up", "--yes", "--skip-preview"]));
    await expect.poll(() => runOf("dot"), { timeout: 60_000, interval: 1000 }).not.toBe(before);
  });

  test("releases a quarantined agent, and starts the agent once with a fresh count of restarts", async () => {
    await hub(`touch /home/eve/crash; systemctl kill --signal=SIGKILL ${unit("eve")}`);
    await expect.poll(() => stateOf("eve"), { timeout: 60_000 }).toBe("quarantined");
    declare({ eve: { command: ["/bin/sh", "-c", "exec sleep 1000001"] } });
    const preview = await must(project.pulumi(["preview"]));
    expect(preview.all).toContain("hub: eve: it is in quarantine; `up` releases it and starts it once");
    await must(project.pulumi(["up", "--yes", "--skip-preview"]));
    expect((await rows())["eve"]).toMatchObject({ state: "running", restarts: 0 });
    const released = (await events("eve")).filter(({ event }) => event === "released").at(-1);
    expect(released).toMatchObject({ detail: "because `up` has changed a file that it reads at startup" });
    expect((await must(project.fleet(["drift"]))).stdout).toContain("no drift");
  });

  test("does not release the agent a second time if the new command keeps failing", async () => {
    declare({ eve: { command: ["/bin/sh", "-c", "exit 4"] } });
    expect((await must(project.pulumi(["up", "--yes", "--skip-preview"]), 1)).all).toContain("eve");
    await expect.poll(() => stateOf("eve"), { timeout: 60_000 }).toBe("quarantined");
    const up = await must(project.pulumi(["up", "--yes", "--skip-preview"]), 1);
    expect(up.all).toContain("it has been in quarantine since");
    const drift = await must(project.fleet(["drift"]), 7);
    expect(drift.stdout).toMatch(/eve +unit +active .* changed on the host/);
    expect(drift.stdout).not.toMatch(/1 difference.*repairs it/);
    const preview = await must(project.pulumi(["preview"]));
    expect(preview.all).toContain("hub: eve: it has been in quarantine since");
  });

  test("does not pass the quarantine of a removed agent to a new agent with the same name", async () => {
    declare({ eve: undefined });
    await must(project.pulumi(["up", "--yes", "--skip-preview"]));
    declare({ eve: { command: ["/bin/sleep", "1000000"] } });
    await must(project.pulumi(["up", "--yes", "--skip-preview"]));
    await hub("sleep 12");
    await expect
      .poll(async () => (await rows())["eve"], { timeout: 30_000 })
      .toMatchObject({ state: "running", restarts: 0 });
  });
});
