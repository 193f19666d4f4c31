/**
 * What the seeds' documents call clicks, and what they found, each by its name: on the example fleets that are made after
 * them, up on local hosts. docs/deadman.md has the figures.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { must, type Project } from "./support/project.ts";
import { startProviders } from "./support/providers.ts";
import { exampleUp, PROVIDER_PORTS } from "./support/seeds.ts";

/** Seconds from an end, or from the timeout of one that hangs, to its next beat. */
const BACK_WITHIN = 3;

const TIMEOUT = 6;

let timmy: Project;
let mosaic: Project;

const unit = (name: string) => `muster-agent-${name}.service`;
const beat = (name: string) => `/run/muster-${name}/beat`;
const paneOf = (name: string) =>
  `$(runuser -u ${name} -- tmux -S /run/muster-${name}/tmux list-panes -F '#{pane_pid}')`;

async function eventsOf(project: Project, name?: string): Promise<string[]> {
  const { stdout } = await must(project.fleet(["history", ...(name ? [name] : []), "--json"]));
  const { events } = JSON.parse(stdout) as { events: { event: string; agent?: string }[] };
  return events.map(({ event, agent = "host" }) => `${agent} ${event}`);
}

/** Waits until an agent beats in another run, and gives the seconds since `start`, which the script sets. */
async function backAfter(project: Project, host: string, name: string, script: string): Promise<number> {
  const invocation = `systemctl show -P InvocationID ${unit(name)}`;
  const seconds = await project.onHost(
    host,
    `run=$(${invocation}); ${script}
    for i in $(seq 300); do
      [ -e ${beat(name)} ] && [ "$(${invocation})" != "$run" ] && break
      sleep 0.1
    done
    echo $(stat -c %.Y ${beat(name)}) $start | awk '{printf "%.3f", $1 - $2}'`,
  );
  return Number(seconds);
}

/** Its tmux too, which would let it go on. A hang counts from its last beat and the timeout after that. */
const hangs = (name: string) =>
  `pane=${paneOf(name)}; kill -STOP $(systemctl show -P MainPID ${unit(name)}) $pane; sleep 0.5; start=$(stat -c %.Y ${beat(name)} | awk '{printf "%.3f", $1 + ${TIMEOUT}}')`;

const dies = (what: string) => `pid=${what}; start=$(date +%s.%N); kill -9 $pid`;

beforeAll(async () => {
  [timmy, mosaic] = await Promise.all([exampleUp("timmy"), exampleUp("mosaic")]);
});

afterAll(() => Promise.all([timmy?.dispose(), mosaic?.dispose()]));

describe("the second seed's clicks, on examples/timmy", () => {
  test("click 1, restart dead agents: hermes is killed, and is back by itself", async () => {
    expect(await backAfter(timmy, "ezra", "ezra", dies(paneOf("ezra")))).toBeLessThan(BACK_WITHIN);
    expect(await eventsOf(timmy, "ezra")).toEqual(expect.arrayContaining(["ezra died", "ezra restarted"]));
  });

  test("click 2, health checks: one command tells disk, memory and services of every server, and whether to look", async () => {
    const calm = await must(timmy.fleet(["hosts"]));
    for (const host of ["ezra", "allegro", "bezalel"]) {
      expect(calm.stdout).toMatch(new RegExp(`^${host} .* \\d+% of .*G +\\d+% of .*G, / +0 +watching$`, "m"));
    }
    await timmy.onHost("bezalel", "systemd-run --quiet --wait --unit=gitea false || true");
    const { stdout } = await must(timmy.fleet(["hosts", "--json"]), 5);
    const { machines } = JSON.parse(stdout) as { machines: { host: string; ailments: string[] }[] };
    expect(machines.filter(({ ailments }) => ailments.length > 0)).toEqual([
      expect.objectContaining({ host: "bezalel", ailments: ["1 unit failed: gitea.service"] }),
    ]);
    await timmy.onHost("bezalel", "systemctl reset-failed gitea");
    await must(timmy.fleet(["hosts"]));
  });

  test("click 3, dead pane recovery: a pane that dies with its tmux, and one that hangs, are back by themselves", async () => {
    const tmux = `$(systemctl show -P MainPID ${unit("gemini")})`;
    expect(await backAfter(timmy, "bezalel", "gemini", dies(tmux))).toBeLessThan(BACK_WITHIN);
    expect(await backAfter(timmy, "allegro", "allegro", hangs("allegro"))).toBeLessThan(BACK_WITHIN);
    const told = await eventsOf(timmy);
    expect(told).toEqual(
      expect.arrayContaining(["gemini died", "gemini restarted", "allegro hung", "allegro restarted"]),
    );
  });

  test("click 4, provider failover: gemini's provider goes down, it runs on the next, and goes back by itself", async () => {
    const runsOn = () =>
      timmy.onHost(
        "bezalel",
        `tr '\\0' '\\n' </proc/${paneOf("gemini")}/environ | grep -E '^(MUSTER_PROVIDER|GEMINI_API_KEY|NOUS_API_KEY)='`,
      );
    const first = "GEMINI_API_KEY=sk-GEMINI_GOOGLE_KEY-0123\nMUSTER_PROVIDER=gemini";
    const second = "MUSTER_PROVIDER=nous\nNOUS_API_KEY=sk-GEMINI_NOUS_KEY-0123";
    const sorted = async () => (await runsOn().catch(() => "")).split("\n").sort().join("\n");
    const make = await startProviders(timmy, "bezalel", PROVIDER_PORTS);
    await expect.poll(sorted, { timeout: 60_000, interval: 500 }).toBe(first);
    await make("google", "down");
    await expect.poll(sorted, { timeout: 30_000, interval: 500 }).toBe(second);
    expect((await must(timmy.fleet(["drift"]))).stdout).toContain("no drift");
    await make("google", "well");
    await expect.poll(sorted, { timeout: 30_000, interval: 500 }).toBe(first);
    await expect
      .poll(() => eventsOf(timmy, "gemini"), { timeout: 20_000 })
      .toEqual(expect.arrayContaining(["gemini failed-over", "gemini returned"]));
  });

  test("click 7, nightly retro: it is a job, which is told and tried again when it fails, and pushes when it does not", async () => {
    const { stdout } = await must(timmy.fleet(["jobs"]));
    expect(stdout).toMatch(/^retro +timmy +ezra +\*-\*-\* 23:30 +waiting +- +- +in /m);
    const retro = "systemctl start muster-job-timmy.retro";
    await timmy.onHost("ezra", `${retro} || true`);
    await expect
      .poll(async () => (await must(timmy.fleet(["history", "timmy"]))).stdout, { timeout: 10_000 })
      .toMatch(/timmy +job-failed +retro: exit code \d+, tried again in 600 s/);
    const clone = `cd; git init -q --bare upstream; git clone -q upstream retros 2>/dev/null; cd retros
      git config user.name timmy; git config user.email timmy@example.org; git commit -q --allow-empty -m first; git push -q
      mkdir -p ~/.local/bin; echo '[ "$1" = chat ] && exec echo A calm day.; exec /usr/local/bin/hermes "$@"' >~/.local/bin/hermes
      sed -i '1i #!/bin/sh' ~/.local/bin/hermes; chmod +x ~/.local/bin/hermes`;
    const asTimmy = (script: string) =>
      timmy.onHost("ezra", `runuser -l timmy -s /bin/sh <<'END'\nset -e\n${script}\nEND`);
    await asTimmy(clone);
    await timmy.onHost("ezra", retro);
    expect(await asTimmy("cd upstream; git log -1 --format=%s; git show HEAD:$(date +%F).md")).toMatch(
      /^Retro of \d{4}-\d\d-\d\d\nA calm day\.$/,
    );
    await must(timmy.fleet(["hosts"]));
  });

  test("click 8, config drift: an agent on the wrong model is told at once, by name, and is put right", async () => {
    await timmy.onHost(
      "allegro",
      "sed -i 's/example-large/example-tiny/' /home/code-claw/.hermes/config.yaml",
    );
    const drift = await must(timmy.fleet(["drift"]), 7);
    expect(drift.stdout).toMatch(/code-claw +\.hermes\/config\.yaml +content .*example-large.*example-tiny/);
    await must(timmy.pulumi(["up", "--yes", "--skip-preview"]));
    expect((await must(timmy.fleet(["drift"]))).stdout).toContain("no drift");
  });
});

describe("the third seed's findings, on examples/mosaic", () => {
  test.each([
    ["workshop", "reviewer-claude"],
    ["dragon", "reviewer-codex"],
    ["dragon", "coder"],
  ])(
    "finding 1, a runtime that dies in a detached pane: on %s %s has a terminal, and its program was found",
    async (host, name) => {
      expect(await mosaic.onHost(host, `cat /home/${name}/size`)).toBe("50 200");
      expect(await mosaic.onHost(host, `systemctl show -P NRestarts ${unit(name)}`)).toBe("0");
    },
  );

  test.each([
    ["workshop", "orchestrator"],
    ["workshop", "guide"],
    ["dragon", "coder"],
  ])(
    "finding 2, MUSTER_AGENT does not reach the pane: on %s %s knows its name and has its key",
    async (host, name) => {
      const environment = await mosaic.onHost(host, `tr '\\0' '\\n' </proc/${paneOf(name)}/environ`);
      expect(environment.split("\n")).toEqual(
        expect.arrayContaining([`MUSTER_AGENT=${name}`, `ANTHROPIC_API_KEY=sk-${name}-key-0123`]),
      );
    },
  );

  test("what is killed and what hangs is back by itself, and told", async () => {
    expect(await backAfter(mosaic, "dragon", "coder", dies(paneOf("coder")))).toBeLessThan(BACK_WITHIN);
    expect(await backAfter(mosaic, "workshop", "guide", hangs("guide"))).toBeLessThan(BACK_WITHIN);
    const told = await eventsOf(mosaic);
    expect(told).toEqual(expect.arrayContaining(["coder died", "guide hung", "guide restarted"]));
  });

  test("a reboot brings back every core agent, and none that is on demand, and is told", async () => {
    const bootId = () => mosaic.onHost("dragon", "cat /proc/sys/kernel/random/boot_id").catch(() => "");
    const boot = await bootId();
    await mosaic.onHost("dragon", "systemctl reboot").catch(() => "");
    const states = async () => {
      const { stdout } = await mosaic.fleet(["ps", "--host", "dragon", "--json"]);
      const { agents = [] } = JSON.parse(stdout || "{}") as { agents?: { agent: string; state: string }[] };
      return agents.map(({ agent, state }) => `${agent} ${state}`);
    };
    await expect.poll(bootId, { timeout: 60_000, interval: 500 }).not.toMatch(new RegExp(`^$|${boot}`));
    await expect
      .poll(states, { timeout: 60_000, interval: 1000 })
      .toEqual(["coder running", "reviewer-codex running", "scribe stopped"]);
    await expect.poll(() => eventsOf(mosaic), { timeout: 30_000 }).toContain("host host-booted");
    expect((await must(mosaic.fleet(["drift"]))).stdout).toContain("no drift");
  });
});
