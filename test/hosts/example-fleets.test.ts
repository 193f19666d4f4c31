/**
 * The examples are modelled on existing fleets. The documents about these fleets list manual steps ("clicks") and
 * findings. A test names the step or the finding that it covers. The tests run the examples on local hosts, and
 * docs/deadman.md has the measured times.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exampleUp, PROVIDER_PORTS } from "./support/example-projects.ts";
import { must, type Project } from "./support/project.ts";
import { startProviders } from "./support/providers.ts";

/** The maximum seconds from the end of an agent's process, or from a hanging agent's timeout, to its next heartbeat. */
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

/**
 * Runs the script, and waits until the agent sends a heartbeat in a new run.
 *
 * @returns the seconds from the time `start`, which the script sets, to that heartbeat
 */
async function secondsUntilBack(
  project: Project,
  host: string,
  name: string,
  script: string,
): Promise<number> {
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

/**
 * Returns a script that makes an agent hang by stopping all processes of the agent's unit. The script sets `start` to
 * the time of the last heartbeat plus the timeout.
 */
const hangsScript = (name: string) =>
  `systemctl kill --signal=STOP ${unit(name)}; sleep 0.5; start=$(stat -c %.Y ${beat(name)} | awk '{printf "%.3f", $1 + ${TIMEOUT}}')`;

const diesScript = (what: string) => `pid=${what}; start=$(date +%s.%N); kill -9 $pid`;

beforeAll(async () => {
  [timmy, mosaic] = await Promise.all([exampleUp("timmy"), exampleUp("mosaic")]);
});

afterAll(() => Promise.all([timmy?.dispose(), mosaic?.dispose()]));

describe("examples/timmy", () => {
  test("a killed hermes agent is restarted automatically (step 1: restart dead agents)", async () => {
    expect(await secondsUntilBack(timmy, "ezra", "ezra", diesScript(paneOf("ezra")))).toBeLessThan(
      BACK_WITHIN,
    );
    expect(await eventsOf(timmy, "ezra")).toEqual(expect.arrayContaining(["ezra died", "ezra restarted"]));
  });

  test("one command shows the health of every server, and exits with code 5 if a unit has failed (step 2: health checks)", async () => {
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

  test("an agent is restarted automatically if its tmux is killed or if the agent hangs (step 3: dead pane recovery)", async () => {
    const tmux = `$(systemctl show -P MainPID ${unit("gemini")})`;
    expect(await secondsUntilBack(timmy, "bezalel", "gemini", diesScript(tmux))).toBeLessThan(BACK_WITHIN);
    expect(await secondsUntilBack(timmy, "allegro", "allegro", hangsScript("allegro"))).toBeLessThan(
      BACK_WITHIN,
    );
    const events = await eventsOf(timmy);
    expect(events).toEqual(
      expect.arrayContaining(["gemini died", "gemini restarted", "allegro hung", "allegro restarted"]),
    );
  });

  test("gemini uses its second provider only while its first provider is down (step 4: provider failover)", async () => {
    const runsOn = () =>
      timmy.onHost(
        "bezalel",
        `tr '\\0' '\\n' </proc/${paneOf("gemini")}/environ | grep -E '^(MUSTER_PROVIDER|GEMINI_API_KEY|NOUS_API_KEY)='`,
      );
    const first = "GEMINI_API_KEY=sk-GEMINI_GOOGLE_KEY-0123\nMUSTER_PROVIDER=gemini";
    const second = "MUSTER_PROVIDER=nous\nNOUS_API_KEY=sk-GEMINI_NOUS_KEY-0123";
    const sorted = async () => (await runsOn().catch(() => "")).split("\n").sort().join("\n");
    const setBehaviour = await startProviders(timmy, "bezalel", PROVIDER_PORTS);
    await expect.poll(sorted, { timeout: 60_000, interval: 500 }).toBe(first);
    await setBehaviour("google", "down");
    await expect.poll(sorted, { timeout: 30_000, interval: 500 }).toBe(second);
    expect((await must(timmy.fleet(["drift"]))).stdout).toContain("no drift");
    await setBehaviour("google", "well");
    await expect.poll(sorted, { timeout: 30_000, interval: 500 }).toBe(first);
    await expect
      .poll(() => eventsOf(timmy, "gemini"), { timeout: 20_000 })
      .toEqual(expect.arrayContaining(["gemini failed-over", "gemini returned"]));
  });

  test("a failed job is recorded, and a successful job pushes its report (step 7: nightly retro)", async () => {
    const { stdout } = await must(timmy.fleet(["jobs"]));
    expect(stdout).toMatch(/^retro +timmy +ezra +\*-\*-\* 23:30 +waiting +- +- +in /m);
    const retro = "systemctl start muster-job-timmy.retro";
    await timmy.onHost("ezra", `${retro} || true`);
    await expect
      .poll(async () => (await must(timmy.fleet(["history", "timmy"]))).stdout, { timeout: 10_000 })
      .toMatch(/timmy +job-failed +retro: exit code \d+, trying again in 600 s/);
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

  test("an agent with the wrong model is reported by name, and `pulumi up` restores the model (step 8: config drift)", async () => {
    await timmy.onHost(
      "allegro",
      "sed -i 's/example-large/example-tiny/' /home/code-claw/.hermes/config.yaml",
    );
    const drift = await must(timmy.fleet(["drift"]), 7);
    expect(drift.stdout).toMatch(
      /code-claw +\.hermes\/config\.yaml +model\.default .*example-large.*example-tiny/,
    );
    await must(timmy.pulumi(["up", "--yes", "--skip-preview"]));
    expect((await must(timmy.fleet(["drift"]))).stdout).toContain("no drift");
  });
});

describe("examples/mosaic", () => {
  test.each([
    ["workshop", "reviewer-claude"],
    ["dragon", "reviewer-codex"],
    ["dragon", "coder"],
  ])(
    "on the host %s, the runtime of %s keeps running in a terminal (finding 1: runtimes die in a detached pane)",
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
    "on the host %s, %s has its name and key in its environment (finding 2: MUSTER_AGENT does not reach the pane)",
    async (host, name) => {
      const environment = await mosaic.onHost(host, `tr '\\0' '\\n' </proc/${paneOf(name)}/environ`);
      expect(environment.split("\n")).toEqual(
        expect.arrayContaining([`MUSTER_AGENT=${name}`, `ANTHROPIC_API_KEY=sk-${name}-key-0123`]),
      );
    },
  );

  test("killed and hanging agents are restarted automatically, and the restarts are recorded", async () => {
    expect(await secondsUntilBack(mosaic, "dragon", "coder", diesScript(paneOf("coder")))).toBeLessThan(
      BACK_WITHIN,
    );
    expect(await secondsUntilBack(mosaic, "workshop", "guide", hangsScript("guide"))).toBeLessThan(
      BACK_WITHIN,
    );
    const events = await eventsOf(mosaic);
    expect(events).toEqual(expect.arrayContaining(["coder died", "guide hung", "guide restarted"]));
  });

  test("a reboot is recorded, and starts every core agent but no on-demand agent", async () => {
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
