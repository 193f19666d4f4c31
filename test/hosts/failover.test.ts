import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { localFleet } from "./support/fleets.ts";
import { makeProject, must, type Project } from "./support/project.ts";
import { type Mood, startProviders } from "./support/providers.ts";

/** It writes what it runs on, and which keys it was given; and beats, busy until it is told to be idle. */
const AGENT = `#!/bin/sh
echo "$MUSTER_PROVIDER $MUSTER_MODEL \${NOUS_KEY:-none} \${GOOGLE_KEY:-none}" >runs
while :; do
  if [ -e idle ]; then muster-beat idle; else muster-beat busy; fi
  sleep 1
done
`;

const LAYOUT = { hosts: ["hub"], agents: { hub: ["ada", "bea", "cid"] } };
const PORTS = { nous: 8071, google: 8072 };

/** Seconds: two failures, each within its time, and a turn of the deadman. */
const SWITCHES_WITHIN = 2 * (1 + 1) + 2;
const RETURN_AFTER = 4;

const ON_NOUS = (name: string) => `nous large sk-${name}-nous none`;
const ON_GOOGLE = (name: string) => `gemini gem none sk-${name}-google`;

let project: Project;
let make: (name: keyof typeof PORTS, mood: Mood) => Promise<string>;

const hub = (script: string) => project.onHost("hub", script);
const unit = (name: string) => `muster-agent-${name}.service`;
const runOf = (name: string) => hub(`systemctl show -P InvocationID ${unit(name)}`);
const linksOf = (name: string) => hub(`ls /etc/systemd/system/${unit(name)}.d 2>/dev/null || true`);
const drift = (exitCode?: number) => must(project.fleet(["drift"]), exitCode);

/** Waits until an agent runs as it says, and gives the seconds. */
async function runsAs(name: string, runs: string, seconds: number): Promise<number> {
  const start = performance.now();
  await expect
    .poll(() => hub(`cat /home/${name}/runs`), { timeout: seconds * 1000, interval: 200 })
    .toBe(runs);
  return (performance.now() - start) / 1000;
}

async function told(name?: string): Promise<{ event: string; detail?: string }[]> {
  const { stdout } = await must(project.fleet(["history", ...(name ? [name] : []), "--json"]));
  return JSON.parse(stdout).events;
}

async function row(name: string) {
  const { stdout } = await must(project.fleet(["ps", "--json"]));
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

/** @param adas the providers of ada */
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
  make = await startProviders(project, "hub", PORTS);
});

afterAll(() => project?.dispose());

describe("while its provider fails an agent runs on the next", () => {
  test("which is no drift, is shown and told, and is undone when the first is well for long enough", async () => {
    // Before the servers came the probes had failed: everybody is where they began by now.
    await runsAs("ada", ON_NOUS("ada"), 60);
    await expect.poll(() => linksOf("bea"), { timeout: 30_000 }).toBe("");
    expect((await drift()).stdout).toContain("no drift");
    const others = await runOf("bea");
    await make("nous", "500");
    expect(await runsAs("ada", ON_GOOGLE("ada"), 30)).toBeLessThan(SWITCHES_WITHIN + 4);
    expect((await drift()).stdout).toContain("no drift");
    expect(await row("ada")).toMatchObject({ state: "running", failedOver: { provider: "google" } });
    expect((await must(project.fleet(["ps"]))).stdout).toMatch(
      /ada is on provider google since .*not on its first/,
    );
    // bea is busy: she is to run on google, and does so when she is idle.
    expect(await linksOf("bea")).toContain("google");
    expect(await runOf("bea")).toBe(others);
    await hub("touch /home/bea/idle");
    await runsAs("bea", ON_GOOGLE("bea"), 30);
    const preview = await must(project.pulumi(["preview", "--expect-no-changes"]));
    expect(preview.all).not.toContain("google");
    await make("nous", "well");
    expect(await runsAs("ada", ON_NOUS("ada"), 30)).toBeGreaterThan(RETURN_AFTER - 1);
    await runsAs("bea", ON_NOUS("bea"), 30);
    const changes = (await told("ada")).filter(({ event }) => ["failed-over", "returned"].includes(event));
    expect(changes.slice(-2)).toEqual([
      expect.objectContaining({ event: "failed-over", detail: "to google, as nous fails: it answers 500" }),
      expect.objectContaining({
        event: "returned",
        detail: expect.stringMatching(/^to nous, which is well for \d+ s$/),
      }),
    ]);
    expect(await told()).toContainEqual(expect.objectContaining({ event: "provider-down" }));
    expect(await linksOf("ada")).toBe("");
  });

  test.each<[Mood, RegExp]>([
    ["down", /ECONNREFUSED/],
    ["silent", /no answer within 1 s/],
    ["401", /it answers 401/],
    ["429", /it answers 429/],
    ["redirect", /it answers 302/],
  ])("where that is %s", async (mood, why) => {
    await make("nous", mood);
    await runsAs("ada", ON_GOOGLE("ada"), 30);
    expect((await told("ada")).filter(({ event }) => event === "failed-over").at(-1)?.detail).toMatch(why);
    await make("nous", "well");
    await runsAs("ada", ON_NOUS("ada"), 30);
  });

  test("and stays where it is for one that is bad at every other time", async () => {
    const before = await runOf("ada");
    await make("nous", "flap");
    await hub("sleep 8");
    await make("nous", "well");
    expect(await runOf("ada")).toBe(before);
  });
});

describe("what somebody else changes is drift", () => {
  test("though a failover is in force: a drop-in by hand, by name RUNTIME where it changes the model", async () => {
    await make("nous", "down");
    await runsAs("ada", ON_GOOGLE("ada"), 30);
    await hub(`printf '[Service]\\nEnvironment=MUSTER_MODEL=huge\\n' >/etc/systemd/system/${unit("ada")}.d/override.conf
      systemctl daemon-reload`);
    const { stdout } = await drift(7);
    expect(stdout).toMatch(/ada +model +model +declared large +observed huge .*RUNTIME/);
    expect(stdout).toMatch(/ada +unit +overrides .*override\.conf/);
    expect(stdout).not.toContain("muster-provider");
    expect(stdout).toContain("ada runs on a model or a provider that nobody declared");
    await must(project.pulumi(["up", "--yes", "--skip-preview"]));
    expect((await drift()).stdout).toContain("no drift");
    expect(await linksOf("ada")).toContain("google");
    await runsAs("ada", ON_GOOGLE("ada"), 30);
  });

  test("as is what a choice says, and the link to one that is another's", async () => {
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

  test("and the deadman that was killed meanwhile has forgotten nothing", async () => {
    await hub("kill -9 $(systemctl show -P MainPID muster-hostd)");
    await make("nous", "well");
    await runsAs("ada", ON_NOUS("ada"), 60);
    expect((await drift()).stdout).toContain("no drift");
  });

  test("a model by hand in the unit itself, which `up` mends", async () => {
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

test("a host that boots starts an agent on the provider that works", async () => {
  await make("nous", "down");
  await runsAs("ada", ON_GOOGLE("ada"), 30);
  const boot = await hub("cat /proc/sys/kernel/random/boot_id");
  await hub("rm /home/ada/runs; systemctl reboot").catch(() => "");
  const isBack = async () => (await hub("cat /proc/sys/kernel/random/boot_id").catch(() => boot)) !== boot;
  await expect.poll(isBack, { timeout: 120_000, interval: 500 }).toBe(true);
  await expect.poll(() => hub("cat /home/ada/runs || true"), { timeout: 30_000 }).toBe(ON_GOOGLE("ada"));
});

test("a provider that is declared no more is left by `up`, though it is in force", async () => {
  project.write("fleet.yaml", files(1)["fleet.yaml"] ?? "");
  await must(project.pulumi(["up", "--yes", "--skip-preview"]));
  await runsAs("ada", ON_NOUS("ada"), 30);
  expect(await linksOf("ada")).toBe("");
  expect(await hub("ls /var/lib/muster/hostd/choices")).toBe("bea");
  expect((await drift()).stdout).toContain("no drift");
});

test("hermes has its own list, kept as it is declared, and no deadman changes anything for it", async () => {
  const config = "/home/cid/.hermes/config.yaml";
  expect(parse(await hub(`cat ${config}`))).toEqual({
    model: { default: "large", provider: "nous" },
    fallback_providers: [{ provider: "gemini", model: "gem" }],
  });
  expect((await told("cid")).map(({ event }) => event)).not.toContain("failed-over");
  await hub(
    `runuser -u cid -- sh -c 'cd; chmod 644 ${config}; sed -i s/large/huge/ ${config}; chmod 444 ${config}'`,
  );
  const { stdout } = await drift(7);
  expect(stdout).toMatch(/cid +\.hermes\/config\.yaml +content .*huge.*RUNTIME/);
  await must(project.pulumi(["up", "--yes", "--skip-preview"]));
  expect(await hub(`cat ${config}`)).not.toContain("huge");
});
