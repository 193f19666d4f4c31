import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { stringify } from "yaml";
import { packageRoot } from "../../src/base/muster-folders.ts";
import { type ModelApi, modelApi } from "../doubles/models/index.ts";
import { makeCanaries } from "./support/canaries.ts";
import { makeProject, must, type Project } from "./support/project.ts";
import { hasRuntime } from "./support/real-runtimes.ts";

/** The longest time in milliseconds until something has happened on a busy machine. */
const PATIENCE = { timeout: 90_000, interval: 500 };

const HOST = "box";
const MACHINE = `urn:pulumi:test::muster::muster:index:LocalHost::${HOST}`;
const NAMES = ["pia", "pim"];

interface PsRow {
  readonly agent: string;
  readonly state: string;
  readonly flags: readonly string[];
  readonly parked?: { readonly account: string; readonly kind: string; readonly until?: string };
}

const isHere = await hasRuntime("pi");

describe.skipIf(!isHere)("two agents of the real pi with the same account", () => {
  let api: ModelApi;
  let project: Project;
  const onHost = (script: string) => project.onHost(HOST, script);
  const tmux = (name: string) => `runuser -u ${name} -- tmux -S /run/muster-${name}/tmux`;
  const pane = (name: string) => onHost(`${tmux(name)} capture-pane -p -J -t ${name}:0.0`);
  const say = (name: string, text: string) =>
    onHost(
      `${tmux(name)} send-keys -t ${name}:0.0 -l '${text}'; sleep 0.7; ${tmux(name)} send-keys -t ${name}:0.0 Enter`,
    );
  const atPrompt = (name: string) =>
    // `expect.poll` cannot be used outside tests.
    vi.waitFor(async () => expect(await pane(name)).toMatch(/\d\.\d%\/\d+k/), PATIENCE);
  const ps = async () => {
    const { stdout } = await project.fleet(["ps", "--json"]);
    return (JSON.parse(stdout) as { agents: readonly PsRow[] }).agents;
  };
  const states = async () =>
    (await ps()).map(({ agent, state, flags }) => `${agent} ${state} ${flags.join(" ")}`.trim());
  const answered = async (name: string, text: string) => {
    const before = api.requests.length;
    await say(name, text);
    await expect
      .poll(
        () =>
          api.requests
            .slice(before)
            .map(({ last }) => last)
            .join(),
        PATIENCE,
      )
      .toContain(text);
  };
  const since = (name: string) =>
    onHost(`systemctl show -P ActiveEnterTimestampMonotonic muster-agent-${name}.service`).then(Number);

  beforeAll(async () => {
    api = await modelApi();
    const { key = "" } = makeCanaries(["key"]);
    const fleet = (url?: string) =>
      stringify({
        ...{ apiVersion: "muster/v1", kind: "Fleet", name: "accounts" },
        hosts: { [HOST]: { kind: "local" } },
        tenants: { crew: {} },
        runtimes: { pi: { version: "1.6.0", from: "npm" } },
        ...(url === undefined
          ? { agents: {} }
          : {
              providers: { anthropic: { url } },
              credentials: {
                shared: {
                  ...{
                    from: "env:SHARED_KEY",
                    type: "api-key",
                    provider: "anthropic",
                    env: "ANTHROPIC_API_KEY",
                  },
                  sharedBecause: "the tests need two agents of one account",
                },
              },
              identities: Object.fromEntries(NAMES.map((name) => [name, { soul: `${name}.md` }])),
              contacts: Object.fromEntries(
                NAMES.map((name) => [name, { display_name: name, type: "agent" }]),
              ),
              agents: Object.fromEntries(
                NAMES.map((name) => [
                  name,
                  {
                    ...{ host: HOST, tenant: "crew", credentials: ["shared"] },
                    runtime: { kind: "pi", provider: "anthropic", model: "claude-sonnet-4-5" },
                  },
                ]),
              ),
              budgets: { crew: { tenant: "crew", per: "day", tokens: "1M", cost: 5 } },
            }),
      });
    const lock = readFileSync(join(packageRoot(), "examples/real/fleet.lock"), "utf8");
    const souls = Object.fromEntries(NAMES.map((name) => [`${name}.md`, `# ${name}\n`]));
    project = await makeProject(
      { "fleet.yaml": fleet(), "fleet.lock": lock, ...souls },
      {},
      { SHARED_KEY: key },
    );
    await must(project.pulumi(["up", "--yes", "--skip-preview", "--target", MACHINE]));
    const route = await onHost("ip -4 route show default; ip route del default");
    project.write("fleet.yaml", fleet(`http://${/via (\S+)/.exec(route)?.[1]}:${api.port}`));
    await must(project.pulumi(["up", "--yes", "--skip-preview"]));
    for (const name of NAMES) await atPrompt(name);
  });

  afterAll(async () => {
    await project?.dispose();
    await api?.close();
  });

  test("their tokens and their cost are counted from their own records", async () => {
    await answered("pia", "good morning");
    await answered("pia", "good evening");
    await answered("pim", "good night");
    const usage = async () => {
      const { stdout } = await must(project.fleet(["usage", "--json"]));
      const { totals } = JSON.parse(stdout) as {
        totals: Record<
          string,
          { name: string; requests: number; input: number; output: number; cost?: number }[]
        >;
      };
      return (totals["agents"] ?? []).map(({ name, requests, input, output }) => ({
        name,
        requests,
        input,
        output,
      }));
    };
    await expect.poll(usage, PATIENCE).toEqual([
      { name: "pia", requests: 2, input: 20, output: 10 },
      { name: "pim", requests: 1, input: 10, output: 5 },
    ]);
    const { stdout } = await must(project.fleet(["usage"]));
    expect(stdout).toMatch(/^\d{4}-\d\d-\d\d +pia +claude-sonnet-4-5 +2 +20 +10 +0 +\$0\.00021$/m);
    expect(stdout).toMatch(/^of shared +3 +30 +15 /m);
    expect(stdout).toMatch(/^crew +day +0 % +45 of 1\.0M/m);
  });

  test("both are PARKED when its window is used up, and start again one after the other", async () => {
    const until = Math.floor(Date.now() / 1000) + 75;
    // pi repeats a refused request a few times.
    api.fail(100, 429, {}, `You have reached your usage limit, "resets_at": ${until}`);
    await say("pia", "work on");
    await expect.poll(states, PATIENCE).toEqual(["pia parked PARKED", "pim parked PARKED"]);
    const [row] = await ps();
    expect(row?.parked).toMatchObject({
      ...{ account: "of shared", kind: "window" },
      until: new Date(until * 1000).toISOString(),
    });
    expect((await project.fleet(["ps"])).exitCode).toBe(5);
    expect((await must(project.fleet(["drift"]))).stdout).toContain("no drift");
    api.fail(0, 500);
    const refused = api.requests.length;
    await expect.poll(states, { timeout: 180_000, interval: 1000 }).toEqual(["pia running", "pim running"]);
    // No request was sent in the meantime, and the second agent has started later than the first one.
    expect(api.requests).toHaveLength(refused);
    expect(Date.now() / 1000).toBeGreaterThanOrEqual(until);
    expect(Math.abs((await since("pia")) - (await since("pim"))) / 1e6).toBeGreaterThan(9);
    for (const name of NAMES) {
      await atPrompt(name);
      await answered(name, `hello ${name}`);
    }
    const { stdout } = await must(project.fleet(["history"]));
    expect(stdout).toMatch(/pia.*parked.*the account of shared has used up its allowance/);
    expect(stdout).not.toMatch(/quarantined|hung/);
  });

  test("are tried one by one while the account has no credit, and `fleet resume` starts one at once", async () => {
    api.fail(1, 400, {}, "Your credit balance is too low to access the Anthropic API.");
    await say("pim", "work on");
    await expect.poll(states, PATIENCE).toEqual(["pia parked PARKED", "pim parked PARKED"]);
    await must(project.fleet(["resume", "pia"]));
    await atPrompt("pia");
    expect(await states()).toEqual(["pia running", "pim parked PARKED"]);
    await answered("pia", "are we back");
    // hostd reads the records of an agent every two minutes at the latest.
    await expect.poll(states, { timeout: 180_000, interval: 1000 }).toEqual(["pia running", "pim running"]);
  });
});
