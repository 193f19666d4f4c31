import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { makeProject, must, type Project } from "./support/project.ts";

const AGENTS = ["iris", "loom", "ezra"];
const STAGGER = 5;

/** Seconds by which systemd can start a program late after the agent's turn has come, on a busy machine. */
const TOLERANCE = 1.5;

/** Returns the text of a login file of Codex. */
function login(token: string, day: number): string {
  const tokens = { access_token: `at-${token}`, refresh_token: `rt-${token}`, account_id: "acc-iris" };
  return JSON.stringify({ tokens, last_refresh: `2026-11-${day + 10}T10:00:00Z` });
}

const command = ["/bin/sh", "-c", "exec sleep 1000000"];

const FILES = {
  "fleet.yaml": stringify({
    ...{ apiVersion: "muster/v1", kind: "Fleet", name: "credentials" },
    hosts: { hub: { kind: "local", start: { stagger: `${STAGGER}s` } } },
    tenants: { arc: {} },
    credentials: {
      "iris-key": { from: "file:iris.key", type: "api-key", env: "IRIS_KEY" },
      "iris-login": { from: "file:login.json", type: "oauth", file: ".codex/auth.json" },
    },
    identities: Object.fromEntries(AGENTS.map((name) => [name, { soul: "SOUL.md" }])),
    contacts: Object.fromEntries(AGENTS.map((name) => [name, { display_name: name }])),
    agents: {
      iris: {
        ...{ host: "hub", tenant: "arc", command, credentials: ["iris-key", "iris-login"] },
        onChange: "never",
      },
      loom: { host: "hub", tenant: "arc", command },
      ezra: { host: "hub", tenant: "arc", command },
    },
  }),
  "SOUL.md": "# Soul\n",
  "iris.key": "canary-former-key",
  "login.json": login("canary-first", 1),
};

const SOON = { timeout: 30_000 };

const UP = ["up", "--yes", "--skip-preview"];
const LOGIN = "/home/iris/.codex/auth.json";

let project: Project;

beforeAll(async () => {
  project = await makeProject(FILES);
  await must(project.pulumi(UP));
});

afterAll(() => project?.dispose());

const hub = (script: string) => project.onHost("hub", script);

interface Row {
  readonly agent: string;
  readonly state: string;
  readonly flags: readonly string[];
}

async function ps(): Promise<Record<string, Row>> {
  const { stdout } = await project.fleet(["ps", "--json"]);
  const { agents } = JSON.parse(stdout) as { agents: Row[] };
  return Object.fromEntries(agents.map((one) => [one.agent, one]));
}

/** Returns the seconds between the starts of agents, in the order of their starts. */
async function gaps(names: readonly string[] = AGENTS): Promise<number[]> {
  const units = names.map((name) => `muster-agent-${name}`).join(" ");
  const text = await hub(`systemctl show --property=ExecMainStartTimestampMonotonic --value ${units}`);
  const times = text
    .split(/\s+/)
    .filter(Boolean)
    .map(Number)
    .sort((a, b) => a - b);
  return times.slice(1).map((time, i) => (time - (times[i] ?? 0)) / 1e6);
}

const allRun = () =>
  expect
    .poll(async () => Object.values(await ps()).map(({ state }) => state), { timeout: 60_000 })
    .toEqual(AGENTS.map(() => "running"));

describe("starts with a declared time between them", () => {
  test("follow one another at the first `up`, which does not wait for them and reports no drift", async () => {
    await allRun();
    for (const gap of await gaps()) expect(gap).toBeGreaterThan(STAGGER - TOLERANCE);
    expect((await must(project.fleet(["drift"]))).stdout).toContain("no drift");
  });

  test("follow one another after a crash, and `fleet ps` shows which agents wait", async () => {
    await hub("systemctl kill --signal=KILL muster-agent-iris muster-agent-loom muster-agent-ezra");
    await expect
      .poll(
        async () => Object.values(await ps()).filter(({ flags }) => flags.includes("WAITING")).length,
        SOON,
      )
      .toBeGreaterThan(0);
    const waiting = Object.values(await ps()).filter(({ flags }) => flags.includes("WAITING"));
    for (const { state, flags } of waiting) {
      expect(state).toBe("starting");
      expect(flags).not.toContain("DEAD");
    }
    expect((await must(project.fleet(["drift"]))).stdout).toContain("no drift");
    await allRun();
    for (const gap of await gaps()) expect(gap).toBeGreaterThan(STAGGER - TOLERANCE);
  });

  test("follow one another at boot", async () => {
    await hub("systemctl reboot || true").catch(() => undefined);
    await expect
      .poll(() => hub("cat /run/muster-turns/host").catch(() => ""), { timeout: 90_000 })
      .not.toBe("");
    await allRun();
    for (const gap of await gaps()) expect(gap).toBeGreaterThan(STAGGER - TOLERANCE);
  });

  test("are announced by `fleet start`, and a stopped waiter delays no other agent", async () => {
    const [first, second, third] = AGENTS as [string, string, string];
    const turns = "/usr/local/lib/muster/turns";
    const long = 4 * STAGGER;
    for (const name of AGENTS) await must(project.fleet(["stop", name]));
    // A long time, so that the commands of this test are certainly sent while the agents wait.
    await hub(`sed -i s/=${STAGGER}$/=${long}/ ${turns}; rm -f /run/muster-turns/host`);
    await hub(`systemctl start muster-agent-${first} && systemctl start --no-block muster-agent-${second}`);
    const started = await must(project.fleet(["start", third]));
    expect(started.stdout).toContain(`${third} waits for its turn to start`);
    await hub(`systemctl stop muster-agent-${second}`);
    await expect.poll(async () => (await ps())[third]?.state, { timeout: 60_000 }).toBe("running");
    const [gap = 0] = await gaps([first, third]);
    expect(gap).toBeGreaterThan(long - 0.2);
    expect(gap).toBeLessThan(2 * long - 1);
    await hub(`sed -i s/=${long}$/=${STAGGER}/ ${turns}`);
    await must(project.fleet(["start", second]));
    await allRun();
  });
});

describe("a login that its runtime renews", () => {
  test("is not drift when the agent renews it, and is not restored by `up` from the old file", async () => {
    expect(await hub(`cat ${LOGIN}; stat -c ' %U %a' ${LOGIN}`)).toContain(
      `${login("canary-first", 1)} iris 600`,
    );
    const renewed = login("canary-renewed", 5);
    await hub(
      `printf %s '${renewed}' >/home/iris/new && chown iris:arc /home/iris/new && chmod 600 /home/iris/new && mv /home/iris/new ${LOGIN}`,
    );
    expect((await must(project.fleet(["drift"]))).stdout).toContain("no drift");
    expect((await must(project.pulumi(UP))).all).toContain("unchanged");
    expect(await hub(`cat ${LOGIN}`)).toContain("canary-renewed");
  });

  test("is replaced by a new login, and an old laptop does not bring the former login back", async () => {
    project.write("login.json", login("canary-second", 9));
    await must(project.pulumi(UP));
    expect(await hub(`cat ${LOGIN}`)).toContain("canary-second");
    project.write("login.json", login("canary-first", 1));
    expect((await must(project.pulumi(["preview"]))).all).toContain("iris keeps its login iris-login");
    await must(project.pulumi(UP));
    expect(await hub(`cat ${LOGIN}`)).toContain("canary-second");
    expect((await must(project.fleet(["drift"]))).stdout).toContain("no drift");
  });
});

test("an agent that runs on a replaced key is named until it restarts, and the former key is then reported as unused", async () => {
  project.write("iris.key", "canary-new-key");
  const { all } = await must(project.pulumi(UP));
  expect(all).toContain("iris still uses the former value of iris-key");
  expect((await ps())["iris"]?.flags).toContain("ROTATED");
  const shown = await project.fleet(["ps"]);
  expect(shown.stdout).toContain("Do not revoke this value yet.");
  expect((await must(project.pulumi(["preview"]))).all).toContain(
    "iris still uses the former value of iris-key",
  );
  await must(project.fleet(["restart", "iris"]));
  await expect
    .poll(async () => (await project.fleet(["history", "iris"])).stdout, SOON)
    .toContain("key-unused");
  const after = await project.fleet(["ps"]);
  expect(after.stdout).toContain("no process on hub uses the former value of iris-key any more");
  expect((await ps())["iris"]?.flags).not.toContain("ROTATED");
  const { all: last } = await must(project.pulumi(["preview"]));
  expect(last).not.toContain("still uses");
  for (const text of [all, shown.stdout, after.stdout, last]) expect(text).not.toContain("canary");
  expect(await hub("grep -rl canary /var/lib/muster /run/muster-hostd | grep -v /credentials/ || true")).toBe(
    "",
  );
});

test("a copy of a key in an agent's home is named by `fleet drift`, without the key", async () => {
  const path = "/home/iris/.codex/shell_snapshots/1.sh";
  await hub(`install -d -o iris -g arc /home/iris/.codex/shell_snapshots`);
  await hub(`cp /var/lib/muster/credentials/iris/iris-key ${path} && chown iris:arc ${path}`);
  const { stdout } = await must(project.fleet(["drift"]));
  expect(stdout).toMatch(new RegExp(`^ +hub +iris +iris-key +${path}$`, "m"));
  expect(stdout).not.toContain("canary");
  await hub(`rm ${path}`);
  expect((await must(project.fleet(["drift"]))).stdout).toContain("no drift");
});
