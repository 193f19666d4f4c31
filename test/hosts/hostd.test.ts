import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { localFleet } from "./support/fleets.ts";
import { makeProject, must, type Project } from "./support/project.ts";

/** Sends heartbeats until the file `hang` exists. Then it keeps running and sends none. */
const BEATING = `#!/bin/sh
while :; do
  [ -e hang ] || muster-beat busy "a review"
  sleep 1
done
`;

const LAYOUT = { hosts: ["hub"], agents: { hub: ["ada", "bea", "cid", "dot", "eve"] } };

/**
 * ada, bea and cid send heartbeats by file, dot only through its pane. eve exits at once while the file `crash`
 * exists.
 */
const HEARTBEATS: Readonly<Record<string, object>> = {
  ada: { by: "file", interval: 2, timeout: 8 },
  bea: { by: "file", interval: 2, timeout: 8 },
  cid: { by: "file", interval: 2, timeout: 8 },
  dot: { by: "pane", interval: 10, timeout: 30 },
  eve: { by: "none" },
};

const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  dot: ["/bin/sh", "-c", "while :; do [ -e hang ] || date; sleep 1; done"],
  eve: ["/bin/sh", "-c", "[ -e crash ] && exit 1; exec sleep 1000000"],
};

interface Row {
  readonly agent: string;
  readonly state: string;
  readonly beat?: string;
  readonly task?: string;
  readonly problem?: string;
  readonly paused?: string;
}

let project: Project;

const hub = (script: string) => project.onHost("hub", script);
const unit = (name: string) => `muster-agent-${name}.service`;

function files(): Record<string, string> {
  const all = localFleet(LAYOUT);
  const fleet = parse(all["fleet.yaml"] ?? "");
  for (const [name, agent] of Object.entries<Record<string, unknown>>(fleet.agents)) {
    Object.assign(agent, { heartbeat: HEARTBEATS[name], credentials: [] });
    if (COMMANDS[name]) agent["command"] = COMMANDS[name];
    delete agent["watchdog"];
  }
  return { ...all, "agent.sh": BEATING, "fleet.yaml": stringify({ ...fleet, credentials: {} }) };
}

async function rows(): Promise<Record<string, Row>> {
  const { stdout } = await must(project.fleet(["ps", "--json"]));
  const { agents } = JSON.parse(stdout) as { agents: Row[] };
  return Object.fromEntries(agents.map((row) => [row.agent, row]));
}

const stateOf = async (name: string) => (await rows())[name]?.state;

/** Changes with every run of a unit. */
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

test("an agent that sends heartbeats is listed with its task, and drift finds nothing", async () => {
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
  test("restarts an agent whose program or tmux was killed, or that hangs, whether its heartbeat is a file or its pane", async () => {
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
    expect(last?.detail).toBe("it was killed, or it hung");
  });
});

describe("an agent that keeps dying", () => {
  test("is quarantined after five restarts, and up and drift respect and report the quarantine", async () => {
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

  test("stays quarantined after a reboot, which restarts all remaining agents, until somebody releases it", async () => {
    const before = await Promise.all(["ada", "dot"].map(runOf));
    const boot = await hub("cat /proc/sys/kernel/random/boot_id");
    await hub("systemctl reboot").catch(() => "");
    const isUp = async () => (await project.fleet(["ps", "--json"])).exitCode === 0;
    await expect.poll(isUp, { timeout: 120_000, interval: 1000 }).toBe(true);
    await expect.poll(() => stateOf("ada"), { timeout: 60_000 }).toBe("running");
    expect(await hub("cat /proc/sys/kernel/random/boot_id")).not.toBe(boot);
    for (const [i, name] of ["ada", "dot"].entries()) await isBack(name, before[i] ?? "");
    expect(await stateOf("eve")).toBe("quarantined");
    await hub("rm /home/eve/crash");
    expect((await must(project.fleet(["release", "eve"]))).stdout).toContain("eve is free again and running");
    expect(await stateOf("eve")).toBe("running");
    expect((await must(project.fleet(["release", "eve"]), 1)).all).toContain("it is not in quarantine");
    expect((await must(project.fleet(["drift"]))).stdout).toContain("no drift");
  });
});

describe("an invalid heartbeat file", () => {
  let calm = "";

  beforeAll(async () => {
    calm = await runOf("bea");
    await hub("touch /var/lib/muster/hostd/pause-ada; pkill -STOP -u ada -f agent.sh");
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

  test("counts as silence once the agent's pause ends, and ps shows the pause until then", async () => {
    expect((await rows())["ada"]?.paused).toContain("pause-ada");
    const before = await runOf("ada");
    await hub("rm /var/lib/muster/hostd/pause-ada");
    await isBack("ada", before);
  });
});

test("an agent that somebody has stopped stays stopped, is reported as drift, and can be started by name", async () => {
  await must(project.fleet(["stop", "dot"]));
  expect(await stateOf("dot")).toBe("stopped");
  expect((await must(project.fleet(["drift"]), 7)).stdout).toMatch(/dot +unit +active/);
  await must(project.fleet(["start", "dot"]));
  expect(await stateOf("dot")).toBe("running");
  const requests = (await events("dot")).flatMap(({ event, detail }) => (event === "asked" ? [detail] : []));
  expect(requests).toEqual([expect.stringMatching(/^to stop, by /), expect.stringMatching(/^to start, by /)]);
});
