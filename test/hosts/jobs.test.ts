import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { declareJobs, makeJobs, SOME_NIGHT } from "./support/jobs.ts";
import { must, type Project } from "./support/project.ts";

let project: Project;
const hub = (script: string) => project.onHost("hub", script);
const up = () => must(project.pulumi(["up", "--yes", "--skip-preview"]));
const clean = () => must(project.fleet(["drift"]));

/** Starts a job as its timer does, and waits until the job has ended. */
const runJob = (word: string) => hub(`systemctl start muster-job-${word}.service 2>&1 || true`);

interface Row {
  readonly job: string;
  readonly state: string;
  readonly result?: string;
  readonly last?: string;
  readonly next?: string;
  readonly held?: string;
}

async function jobs(): Promise<Record<string, Row>> {
  const output = await must(project.fleet(["jobs", "--json"]));
  const report = JSON.parse(output.stdout) as { jobs: Row[] };
  return Object.fromEntries(report.jobs.map((row) => [row.job, row]));
}

async function failures(job: string): Promise<(string | undefined)[]> {
  const output = await must(project.fleet(["history", "--json"]));
  const { events } = JSON.parse(output.stdout) as {
    events: { event: string; job?: string; detail?: string }[];
  };
  return events.filter((one) => one.event === "job-failed" && one.job === job).map(({ detail }) => detail);
}

const linesIn = (file: string) => hub(`cat ${file} 2>/dev/null | wc -l`).then(Number);
const agentRuns = () => hub("systemctl show -P InvocationID muster-agent-iris muster-agent-loom");

beforeAll(async () => {
  project = await makeJobs();
  await up();
});

afterAll(() => project?.dispose());

describe("jobs", () => {
  test("cause no drift after `pulumi up`, and are listed with the time of their next run", async () => {
    await clean();
    await must(project.pulumi(["preview", "--expect-no-changes"]));
    const rows = await jobs();
    expect(Object.keys(rows)).toEqual(["retro", "breaks", "hangs", "skips", "again", "tidy", "prune"]);
    expect(rows["retro"]).toMatchObject({
      state: "waiting",
      next: expect.stringMatching(/-01-01T03:00:00Z$/),
    });
    expect((await must(project.fleet(["jobs"]))).stdout).toMatch(
      /retro +iris +hub +\*-01-01 03:00 +waiting +- +- +in \d+d/,
    );
  });

  test("run with their agent's user, folder, secrets, slice and sandbox", async () => {
    await runJob("iris.retro");
    expect(await hub("cat /home/iris/retro.out")).toBe(
      "iris\narc\n/home/iris\nsk-iris-0123456789 retro\niris\niris",
    );
    const lines = (unit: string) =>
      hub(`grep -E '^(Slice|Protect|Restrict|System|Private|Bind|Inacc|NoNew)' /etc/systemd/system/${unit}`);
    expect(await lines("muster-job-iris.retro.service")).toBe(await lines("muster-agent-iris.service"));
    expect((await jobs())["retro"]).toMatchObject({ result: "ok", last: expect.stringMatching(/Z$/) });
  });

  test("run as an unprivileged user if they belong to a host, and as root only if fleet.yaml says so", async () => {
    await runJob("tidy");
    const output = (await hub("journalctl --sync; journalctl -q -o cat -u muster-job-tidy")).split("\n");
    expect(Number(output.find((line) => /^\d+$/.test(line)))).toBeGreaterThan(60_000);
    expect(output).toContain("kept out");
    await runJob("prune");
    expect(await hub("cat /var/tmp/pruned")).toBe("root");
  });

  test("are retried as declared if they fail, and each failure is recorded even while the deadman is stopped", async () => {
    await hub("systemctl stop muster-hostd");
    await runJob("iris.breaks");
    const messages = [
      "exit code 3, trying again in 1 s",
      "exit code 3, trying again in 1 s",
      "exit code 3, gave up after 3 attempts",
    ];
    await expect.poll(() => failures("breaks"), { timeout: 15_000, interval: 500 }).toEqual(messages);
    expect(await linesIn("/home/iris/breaks.log")).toBe(3);
    await hub("systemctl start muster-hostd; sed -i s/3/0/ /home/iris/breaks.log");
    expect((await jobs())["breaks"]?.result).toBe("exit code 3");
    expect((await must(project.fleet(["history", "iris"]))).stdout).toMatch(
      /hub +iris +job-failed +breaks: exit code 3, trying again in 1 s/,
    );
  });

  test("are ended with all of their processes after their timeout, and the timeout is recorded", async () => {
    await runJob("iris.hangs");
    await expect.poll(() => failures("hangs"), { timeout: 10_000 }).toEqual(["not done in time"]);
    expect(await hub("pgrep -u iris -x sleep -a | grep ' 600' || true")).toBe("");
    expect((await jobs())["hangs"]?.result).toBe("not done in time");
  });

  test("either keep running or are restarted, as declared, if they still run at the next scheduled time", async () => {
    const before = await linesIn("/home/loom/again.log");
    await expect.poll(() => linesIn("/home/loom/again.log"), { timeout: 15_000 }).toBeGreaterThan(before + 1);
    expect(await linesIn("/home/loom/skips.log")).toBe(1);
    expect(await hub("pgrep -u loom -x sleep -a | grep -c ' 600'")).toBe("2");
    expect(await failures("again")).toEqual([]);
  });

  test("do not start during a hold or during their agent's quarantine", async () => {
    await hub("touch /var/lib/muster/hostd/hold-loom; sleep 0.5");
    const before = await linesIn("/home/loom/again.log");
    const rows = await jobs();
    expect(rows["skips"]).toMatchObject({
      state: "running",
      held: "held by /var/lib/muster/hostd/hold-loom",
    });
    expect(rows["retro"]?.held).toBeUndefined();
    await hub(`mkdir -p /var/lib/muster/hostd/quarantine; rm /home/iris/retro.out
      echo '{}' >/var/lib/muster/hostd/quarantine/muster-agent-iris.service; sleep 3`);
    await runJob("iris.retro");
    expect(await hub("ls /home/iris/retro.out 2>&1 || true")).toContain("No such file");
    expect((await must(project.fleet(["jobs"]))).stdout).toContain("retro is held: iris is in quarantine.");
    expect(await linesIn("/home/loom/again.log")).toBe(before);
    await hub(
      "rm /var/lib/muster/hostd/quarantine/muster-agent-iris.service /var/lib/muster/hostd/hold-loom",
    );
    await hub("systemctl start muster-agent-iris");
    await expect.poll(() => linesIn("/home/loom/again.log"), { timeout: 10_000 }).toBeGreaterThan(before);
    await clean();
  });
});

describe("a manual change of a job", () => {
  const units = "/etc/systemd/system";

  test("is reported as drift of exactly the changed property, and `pulumi up` repairs the drift without restarting any agent", async () => {
    const before = await agentRuns();
    await hub(`systemctl stop muster-job-iris.retro.timer; systemctl disable -q muster-job-iris.breaks.timer
      systemctl disable -q --now muster-job-tidy.timer
      mkdir ${units}/muster-job-loom.skips.service.d ${units}/muster-job-loom.again.timer.d
      printf '[Service]\\nUser=root\\n' >${units}/muster-job-loom.skips.service.d/x.conf
      printf '[Timer]\\nOnCalendar=yearly\\n' >${units}/muster-job-loom.again.timer.d/x.conf
      sed -i 's/^TimeoutStartSec=.*/TimeoutStartSec=9999/' ${units}/muster-job-prune.service
      sed -i 's/^OnCalendar=.*/OnCalendar=*-02-02 04:00/' ${units}/muster-job-iris.hangs.timer
      systemctl daemon-reload`);
    const { stdout } = await must(project.fleet(["drift"]), 7);
    expect(stdout).toMatch(/iris +retro +active +declared running +observed stopped +changed on the host/);
    expect(stdout).toMatch(/iris +breaks +enabled +declared enabled +observed disabled/);
    expect(stdout).toMatch(/\(host\) +tidy +enabled +declared enabled +observed disabled/);
    expect(stdout).toMatch(/\(host\) +tidy +active +declared running +observed stopped/);
    expect(stdout).toMatch(/loom +skips +overrides +declared none +observed \S+skips.service.d\/x.conf/);
    expect(stdout).toMatch(/loom +again +overrides +declared none +observed \S+again.timer.d\/x.conf/);
    expect(stdout).toMatch(/\(host\) +prune service file +content .*TimeoutStartSec=9999/);
    expect(stdout).toMatch(/iris +hangs timer file +content .*OnCalendar=\*-02-02 04:00/);
    expect(stdout).toContain("8 differences on 1 host");
    await up();
    await clean();
    expect((await jobs())["hangs"]?.next).toMatch(/-01-01T03:00:00Z$/);
    expect(await agentRuns()).toBe(before);
  });

  test("is reported as drift if it removes or masks a timer, and `pulumi up` restores the timer", async () => {
    await hub(`systemctl stop muster-job-iris.retro.timer
      rm ${units}/muster-job-iris.retro.* ${units}/timers.target.wants/muster-job-iris.retro.timer
      rm ${units}/muster-job-tidy.timer; ln -s /dev/null ${units}/muster-job-tidy.timer; systemctl daemon-reload`);
    const { stdout } = await must(project.fleet(["drift"]), 7);
    expect(stdout).toMatch(/iris +retro timer file +type +declared file +observed absent/);
    expect(stdout).toMatch(/iris +retro +enabled +declared enabled +observed absent/);
    expect(stdout).toMatch(/tidy timer file +type +declared file +observed symlink/);
    await up();
    await clean();
  });
});

describe("an undeclared job or process", () => {
  test("is listed by `fleet drift` with its name and location, and `pulumi up` does not change it", async () => {
    await hub(`mkdir -p /var/spool/cron/crontabs /home/iris/.config/systemd/user
      echo '*/5 * * * * KEY=sk-canary /bin/echo --token sk-canary' >/var/spool/cron/crontabs/iris
      echo '@daily loom /opt/nightly' >/etc/cron.d/haunted
      systemd-run -q --uid=loom --unit=haunted --on-calendar=yearly true
      systemd-run -q --uid=iris --gid=arc --unit=ghost -p Type=forking tmux -L ghost new-session -d
      touch /home/iris/.config/systemd/user/own.timer; chown -R iris: /home/iris/.config`);
    const { stdout } = await clean();
    expect(stdout).toMatch(/hub +iris +cron +\/bin\/echo +\/var\/spool\/cron\/crontabs\/iris:1/);
    expect(stdout).toMatch(/hub +loom +cron +\/opt\/nightly +\/etc\/cron.d\/haunted:1/);
    expect(stdout).toMatch(/hub +loom +timer +haunted.timer +\/run\/systemd\/transient\/haunted.timer/);
    expect(stdout).toMatch(/hub +iris +user timer +own.timer +\/home\/iris\/.config\/systemd\/user/);
    expect(stdout).toMatch(/hub +iris +service +ghost.service +\/run\/systemd\/transient\/ghost.service/);
    expect(stdout).toContain("1 host, 2 agents: no drift");
    const json = JSON.parse((await must(project.fleet(["drift", "--json"]))).stdout);
    const markdown = (await must(project.fleet(["drift", "--markdown"]))).stdout;
    expect(json.unmanaged).toHaveLength(5);
    expect(markdown).toContain("### Not declared");
    expect(stdout + markdown + JSON.stringify(json)).not.toContain("canary");
    await up();
    expect((await clean()).stdout).toContain("haunted.timer");
    await hub(`rm /var/spool/cron/crontabs/iris /etc/cron.d/haunted /home/iris/.config/systemd/user/own.timer
      systemctl stop haunted.timer ghost`);
    expect((await clean()).stdout).toBe("1 host, 2 agents: no drift");
  });
});

describe("a change to the jobs in fleet.yaml", () => {
  test("is refused by `fleet validate` if systemd does not accept a job's schedule", async () => {
    declareJobs(project, (all) => Object.assign(all["retro"] ?? {}, { schedule: "Mon..Fri 25:00" }));
    const { all } = await must(project.fleet(["validate"]), 2);
    expect(all).toMatch(
      /fleet.yaml:\d+:\d+ jobs.retro.schedule: "Mon..Fri 25:00" is not a time that systemd accepts/,
    );
  });

  test("fails only for the jobs of one agent if systemd on the host refuses that agent's schedule", async () => {
    await hub("rm -f /usr/share/zoneinfo/Pacific/Apia");
    project.write("identities/iris.md", "# iris, by night\n");
    declareJobs(project, (all) => {
      Object.assign(all["retro"] ?? {}, { schedule: "daily Pacific/Apia" });
      Object.assign(all["skips"] ?? {}, { schedule: SOME_NIGHT });
    });
    const output = await must(project.pulumi(["up", "--yes", "--skip-preview"]), 1);
    expect(output.all).toMatch(
      /muster-job-iris\.retro\.timer was not written: systemd says: .*daily Pacific\/Apia/,
    );
    expect(await hub("cat /home/iris/SOUL.md")).toBe("# iris, by night");
    const skips = "/etc/systemd/system/muster-job-loom.skips.timer";
    expect(await hub(`grep OnCalendar ${skips}`)).toBe(`OnCalendar=${SOME_NIGHT}`);
    expect(await hub("grep OnCalendar /etc/systemd/system/muster-job-iris.retro.timer")).toBe(
      `OnCalendar=${SOME_NIGHT}`,
    );
  });

  test("keeps the jobs of a renamed agent, and ends the run of a removed job", async () => {
    const fleet = parse(project.read("fleet.yaml"));
    const { iris, ...others } = fleet.agents;
    for (const job of Object.values<{ agent?: string }>(fleet.jobs))
      if (job.agent === "iris") job.agent = "vera";
    fleet.jobs.retro.schedule = SOME_NIGHT;
    delete fleet.jobs.again;
    delete fleet.jobs.skips;
    Object.assign(fleet, { agents: { vera: iris, ...others }, moved: { agents: { iris: "vera" } } });
    fleet.contacts.vera = fleet.contacts.iris;
    project.write("fleet.yaml", stringify(fleet));
    await up();
    await clean();
    expect(
      await hub(
        "systemctl list-timers --all --no-legend 'muster-job-*' | grep -o 'muster-job-[^ ]*timer' | sort",
      ),
    ).toBe(
      ["prune", "tidy", "vera.breaks", "vera.hangs", "vera.retro"]
        .map((word) => `muster-job-${word}.timer`)
        .join("\n"),
    );
    expect(
      await hub(
        "ls /etc/systemd/system | grep -E 'job-(loom|iris)[.]' || true; pgrep -u loom -x sleep -a | grep ' 600' || true",
      ),
    ).toBe("");
    await runJob("vera.retro");
    expect(await hub("head -1 /home/vera/retro.out")).toBe("vera");
    // The job has written its key to this file, which `fleet drift` would report.
    await hub("rm /home/vera/retro.out");
  });

  test("causes at most two reloads of systemd, even if it adds a hundred jobs", async () => {
    declareJobs(project, (all) => {
      for (let i = 0; i < 100; i += 1)
        all[`n${i}`] = { host: "hub", schedule: SOME_NIGHT, command: ["/bin/true"], catchUp: true };
    });
    const reloads = () => hub("journalctl -q -o cat _PID=1 | grep -c '^Reloading' || true").then(Number);
    const [start, before] = [Date.now(), await reloads()];
    await up();
    const took = Date.now() - start;
    const driftStart = Date.now();
    await clean();
    console.log(
      `100 jobs: up ${(took / 1000).toFixed(1)} s, drift ${((Date.now() - driftStart) / 1000).toFixed(1)} s`,
    );
    expect((await reloads()) - before).toBeLessThanOrEqual(2);
    expect(took).toBeLessThan(60_000);
    expect(Object.keys(await jobs())).toHaveLength(105);
  });

  test("removes all jobs and their systemd state if fleet.yaml no longer declares any job", async () => {
    declareJobs(project, (all) => {
      for (const name of Object.keys(all)) delete all[name];
    });
    await up();
    await up();
    await clean();
    const left = `ls -d /etc/systemd/system/* /etc/systemd/system/timers.target.wants/* /var/lib/systemd/timers/* \
      /run/muster.jobs/* 2>/dev/null | grep -E 'muster-(job|retry)-|muster.jobs' | grep -v @; systemctl list-units --all --no-legend 'muster-job-*'`;
    expect(await hub(`{ ${left}; } || true`)).toBe("");
    expect((await must(project.fleet(["jobs"]))).stdout).toBe("fleet.yaml declares no jobs here.");
  });
});
