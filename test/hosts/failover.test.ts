import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { localFleet } from "./support/fleets.ts";
import { makeProject, must, type Project } from "./support/project.ts";
import { type Behaviour, startProviders } from "./support/providers.ts";

/**
 * An agent's program. It writes its provider, model and keys to a file, and then sends heartbeats with the state
 * `busy`. While the file `idle` exists, the state is `idle`.
 */
const AGENT = `#!/bin/sh
echo "$MUSTER_PROVIDER $MUSTER_MODEL \${NOUS_KEY:-none} \${GOOGLE_KEY:-none}" >runs
while :; do
  if [ -e idle ]; then muster-beat idle; else muster-beat busy; fi
  sleep 1
done
`;

const LAYOUT = { hosts: ["hub"], agents: { hub: ["ada", "bea", "cid"] } };
const PORTS = { nous: 8071, google: 8072 };

/** The maximum seconds until a failover: two failed probes with their timeouts, and one cycle of the deadman. */
const SWITCHES_WITHIN = 2 * (1 + 1) + 2;
const RETURN_AFTER = 4;

const ON_NOUS = (name: string) => `nous large sk-${name}-nous none`;
const ON_GOOGLE = (name: string) => `gemini gem none sk-${name}-google`;

let project: Project;
let setBehaviour: (name: keyof typeof PORTS, behaviour: Behaviour) => Promise<string>;

const hub = (script: string) => project.onHost("hub", script);
const unit = (name: string) => `muster-agent-${name}.service`;
const runOf = (name: string) => hub(`systemctl show -P InvocationID ${unit(name)}`);
const linksOf = (name: string) => hub(`ls /etc/systemd/system/${unit(name)}.d 2>/dev/null || true`);
const drift = (exitCode?: number) => must(project.fleet(["drift"]), exitCode);

/**
 * Waits until an agent runs with the expected provider, model and keys.
 *
 * @returns the seconds until this happened
 */
async function runsAs(name: string, runs: string, seconds: number): Promise<number> {
  const start = performance.now();
  await expect
    .poll(() => hub(`cat /home/${name}/runs`), { timeout: seconds * 1000, interval: 200 })
    .toBe(runs);
  return (performance.now() - start) / 1000;
}

async function events(name?: string): Promise<{ event: string; detail?: string }[]> {
  const { stdout } = await must(project.fleet(["history", ...(name ? [name] : []), "--json"]));
  return JSON.parse(stdout).events;
}

async function row(name: string) {
  const { stdout } = await project.fleet(["ps", "--json"]);
  return (JSON.parse(stdout) as { agents: { agent: string; failedOver?: object }[] }).agents.find(
    ({ agent }) => agent === name,
  );
}

const COMMON = { host: "hub", tenant: "arc", heartbeat: { by: "file", interval: 2, timeout: 60 } };
const scripted = (name: string, failover: object) => ({
  ...COMMON,
  command: ["/bin/sh", "agent.sh"],
  failover: { returnAfter: RETURN_AFTER, ...failover },
  providers: [
    { provider: "nous", model: "large", credential: `${name}-nous` },
    { provider: "google", model: "gem", credential: `${name}-google` },
  ],
});

/** @param adas number of providers that ada has */
function files(adas = 2): Record<string, string> {
  const all = localFleet(LAYOUT);
  const fleet = parse(all["fleet.yaml"] ?? "");
  const provider = (port: number) => ({
    probe: { http: `http://127.0.0.1:${port}/v1/models`, interval: 1, timeout: 1, failures: 2, successes: 2 },
  });
  const key = (name: string, of: string, env: string) => [
    `${name}-${of}`,
    { from: `config:${name}-${of}`, type: "api-key", provider: of, env },
  ];
  const hermes = {
    ...COMMON,
    heartbeat: { by: "none" },
    runtime: { kind: "hermes", program: "/bin/sleep", args: ["1000000"] },
    providers: [
      { provider: "nous", model: "large" },
      { provider: "google", model: "gem" },
    ],
  };
  return {
    ...all,
    "agent.sh": AGENT,
    "fleet.yaml": stringify({
      ...fleet,
      providers: { nous: provider(PORTS.nous), google: { vendor: "gemini", ...provider(PORTS.google) } },
      credentials: Object.fromEntries(
        ["ada", "bea"].flatMap((name) => [key(name, "nous", "NOUS_KEY"), key(name, "google", "GOOGLE_KEY")]),
      ),
      agents: {
        ada: onlyOn(scripted("ada", { switch: "now" }), adas),
        bea: scripted("bea", { deadline: "1h" }),
        cid: hermes,
      },
    }),
  };
}

function onlyOn({ failover, providers, ...agent }: ReturnType<typeof scripted>, count: number) {
  const rules = count > 1 ? { failover } : {};
  return { ...agent, ...rules, providers: providers.slice(0, count) };
}

beforeAll(async () => {
  const keys = ["ada", "bea"].flatMap((name) =>
    ["nous", "google"].map((of) => [`${name}-${of}`, `sk-${name}-${of}`]),
  );
  project = await makeProject(files(), Object.fromEntries(keys));
  await must(project.pulumi(["up", "--yes", "--skip-preview"]));
  setBehaviour = await startProviders(project, "hub", PORTS);
});

afterAll(() => project?.dispose());

describe("a failover to an agent's next provider", () => {
  test("is not drift, and ends when the first provider works again", async () => {
    // The probes failed before the servers started. Wait until every agent uses its first provider again.
    await runsAs("ada", ON_NOUS("ada"), 60);
    await expect.poll(() => linksOf("bea"), { timeout: 30_000 }).toBe("");
    expect((await drift()).stdout).toContain("no drift");
    const others = await runOf("bea");
    await setBehaviour("nous", "500");
    expect(await runsAs("ada", ON_GOOGLE("ada"), 30)).toBeLessThan(SWITCHES_WITHIN + 10);
    expect((await drift()).stdout).toContain("no drift");
    expect(await row("ada")).toMatchObject({ state: "running", failedOver: { provider: "google" } });
    // cid runs a stand-in for hermes, which `fleet ps` reports as drift.
    expect((await must(project.fleet(["ps"]), 7)).stdout).toContain(
      "ada has used provider google instead of its first provider since",
    );
    // google is already selected for bea, but takes effect only once bea is idle.
    expect(await linksOf("bea")).toContain("google");
    expect(await runOf("bea")).toBe(others);
    await hub("touch /home/bea/idle");
    await runsAs("bea", ON_GOOGLE("bea"), 30);
    const preview = await must(project.pulumi(["preview", "--expect-no-changes"]));
    expect(preview.all).not.toContain("google");
    await setBehaviour("nous", "well");
    expect(await runsAs("ada", ON_NOUS("ada"), 30)).toBeGreaterThan(RETURN_AFTER - 1);
    await runsAs("bea", ON_NOUS("bea"), 30);
    const changes = (await events("ada")).filter(({ event }) => ["failed-over", "returned"].includes(event));
    expect(changes.slice(-2)).toEqual([
      expect.objectContaining({
        event: "failed-over",
        detail: "to google, because nous fails: it answers 500",
      }),
      expect.objectContaining({
        event: "returned",
        detail: expect.stringMatching(/^to nous, which has been healthy for \d+ s$/),
      }),
    ]);
    expect(await events()).toContainEqual(expect.objectContaining({ event: "provider-down" }));
    expect(await linksOf("ada")).toBe("");
  });

  test.each<[Behaviour, RegExp]>([
    ["down", /ECONNREFUSED/],
    ["silent", /no answer within 1 s/],
    ["401", /it answers 401/],
    ["429", /it answers 429/],
    ["redirect", /it answers 302/],
  ])("happens if the first provider fails (%s)", async (behaviour, why) => {
    await setBehaviour("nous", behaviour);
    await runsAs("ada", ON_GOOGLE("ada"), 30);
    expect((await events("ada")).filter(({ event }) => event === "failed-over").at(-1)?.detail).toMatch(why);
    await setBehaviour("nous", "well");
    await runsAs("ada", ON_NOUS("ada"), 30);
  });

  test("does not happen if every second probe succeeds", async () => {
    const before = await runOf("ada");
    await setBehaviour("nous", "flap");
    await hub("sleep 8");
    await setBehaviour("nous", "well");
    expect(await runOf("ada")).toBe(before);
  });
});

describe("drift during a failover", () => {
  test("includes a manually created drop-in file that changes the model", async () => {
    await setBehaviour("nous", "down");
    await runsAs("ada", ON_GOOGLE("ada"), 30);
    await hub(`printf '[Service]\\nEnvironment=MUSTER_MODEL=huge\\n' >/etc/systemd/system/${unit("ada")}.d/override.conf
      systemctl daemon-reload`);
    const { stdout } = await drift(7);
    expect(stdout).toMatch(/ada +model +model +declared large +observed huge .*RUNTIME/);
    expect(stdout).toMatch(/ada +unit +overrides .*override\.conf/);
    expect(stdout).not.toContain("muster-provider");
    expect(stdout).toContain("ada runs on a model or a provider that is not declared");
    await must(project.pulumi(["up", "--yes", "--skip-preview"]));
    expect((await drift()).stdout).toContain("no drift");
    expect(await linksOf("ada")).toContain("google");
    await runsAs("ada", ON_GOOGLE("ada"), 30);
  });

  test("includes a changed provider file and a link to another agent's provider file", async () => {
    await hub(`echo 'Environment=X=1' >>/var/lib/muster/hostd/choices/ada/google.conf
      mkdir -p /etc/systemd/system/${unit("cid")}.d
      ln -s /var/lib/muster/hostd/choices/ada/google.conf /etc/systemd/system/${unit("cid")}.d/muster-provider-google.conf`);
    const { stdout } = await drift(7);
    expect(stdout).toMatch(/ada +on google +content/);
    expect(stdout).toMatch(/cid +unit +overrides .*muster-provider-google/);
    await must(project.pulumi(["up", "--yes", "--skip-preview"]));
    expect((await drift()).stdout).toContain("no drift");
    await runsAs("ada", ON_GOOGLE("ada"), 30);
  });

  test("does not include the failover itself, even after the deadman was killed", async () => {
    await hub("kill -9 $(systemctl show -P MainPID muster-hostd)");
    await setBehaviour("nous", "well");
    await runsAs("ada", ON_NOUS("ada"), 60);
    expect((await drift()).stdout).toContain("no drift");
  });

  test("includes a model that was changed in the unit file, and `pulumi up` restores the model", async () => {
    await hub(`sed -i 's/MUSTER_MODEL=large/MUSTER_MODEL=tiny/' /etc/systemd/system/${unit("ada")}
      systemctl daemon-reload; systemctl restart ${unit("ada")}`);
    await runsAs("ada", "nous tiny sk-ada-nous none", 30);
    expect((await drift(7)).stdout).toMatch(/ada +model +model +declared large +observed tiny .*RUNTIME/);
    await must(project.pulumi(["up", "--yes", "--skip-preview"]));
    await hub(`touch /home/ada/idle`);
    await runsAs("ada", ON_NOUS("ada"), 60);
    expect((await drift()).stdout).toContain("no drift");
  });
});

test("an agent uses a working provider after its host has rebooted", async () => {
  await setBehaviour("nous", "down");
  await runsAs("ada", ON_GOOGLE("ada"), 30);
  const boot = await hub("cat /proc/sys/kernel/random/boot_id");
  await hub("rm /home/ada/runs; systemctl reboot").catch(() => "");
  const isBack = async () => (await hub("cat /proc/sys/kernel/random/boot_id").catch(() => boot)) !== boot;
  await expect.poll(isBack, { timeout: 120_000, interval: 500 }).toBe(true);
  await expect.poll(() => hub("cat /home/ada/runs || true"), { timeout: 30_000 }).toBe(ON_GOOGLE("ada"));
});

test("after `pulumi up`, no agent uses a provider that is no longer declared, even during a failover", async () => {
  project.write("fleet.yaml", files(1)["fleet.yaml"] ?? "");
  await must(project.pulumi(["up", "--yes", "--skip-preview"]));
  await runsAs("ada", ON_NOUS("ada"), 30);
  expect(await linksOf("ada")).toBe("");
  expect(await hub("ls /var/lib/muster/hostd/choices")).toBe("bea");
  expect((await drift()).stdout).toContain("no drift");
});

test("the runtime hermes gets its declared list of providers, and the deadman does not switch between these providers", async () => {
  const config = "/home/cid/.hermes/config.yaml";
  expect(parse(await hub(`cat ${config}`))).toEqual({
    model: { default: "large", provider: "nous" },
    fallback_providers: [{ provider: "gemini", model: "gem" }],
    approvals: { mode: "off" },
  });
  expect((await events("cid")).map(({ event }) => event)).not.toContain("failed-over");
  await hub(`runuser -u cid -- sed -i s/large/huge/ ${config}`);
  const { stdout } = await drift(7);
  expect(stdout).toMatch(
    /cid +\.hermes\/config\.yaml +model\.default +declared large +observed huge .*RUNTIME/,
  );
  await must(project.pulumi(["up", "--yes", "--skip-preview"]));
  expect(await hub(`cat ${config}`)).not.toContain("huge");
});
