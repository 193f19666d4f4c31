import { generateKeyPairSync } from "node:crypto";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import type { ReportSnapshot } from "../../src/cli/report/phase-report.ts";
import { promtoolTests } from "../fixtures/alert-tests.ts";
import { IRIS_UPTIMES, pastDate, pastDays } from "./support/past-days.ts";
import { makeProject, must, type Project } from "./support/project.ts";

const KEY = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();

/** The address of the webhook. Like the addresses of real receivers, it contains a token. */
const HOOK = "http://127.0.0.1:8099/hook/token-0123456789";

const agent = { tenant: "arc", onChange: "now", command: ["/bin/sh", "-c", "exec sleep 1000000"] };

const FILES = {
  "fleet.yaml": stringify({
    ...{ apiVersion: "muster/v1", kind: "Fleet", name: "watched" },
    hosts: { hub: { kind: "local" }, east: { kind: "local" } },
    tenants: { arc: {} },
    credentials: {
      "monitoring-key": { from: "config:monitoring-key", type: "other" },
      hook: { from: "config:hook", type: "other" },
    },
    identities: { iris: { soul: "SOUL.md" }, loom: { soul: "SOUL.md" } },
    contacts: { iris: { display_name: "iris" }, loom: { display_name: "loom" } },
    agents: { iris: { ...agent, host: "east" }, loom: { ...agent, host: "hub" } },
    monitoring: {
      ...{ host: "hub", credential: "monitoring-key", interval: "1s", wait: "1s" },
      after: { dead: "1s", hostSilent: "5s" },
      receivers: { ops: { tenants: ["arc"], webhook: { url: "hook" } }, all: { webhook: { url: "hook" } } },
    },
  }),
  "SOUL.md": "# Soul\n",
};

/** Writes the body of each request as one line. */
const RECEIVER = `
const { appendFileSync } = require("node:fs");
require("node:http").createServer((request, answer) => {
  let body = "";
  request.on("data", (part) => { body += part; });
  request.on("end", () => { appendFileSync("/run/alerts", request.url + " " + body + "\\n"); answer.end(); });
}).listen(8099, "127.0.0.1");
`;

/** Requests a path of a program with the key of Prometheus, and prints the response. */
const CLIENT = `
const { readFileSync } = require("node:fs");
const [port, path, isTrusted] = process.argv.slice(1);
const dir = "/run/monitoring-prometheus/";
const own = isTrusted && {
  ca: readFileSync(dir + "authority.pem"), cert: readFileSync(dir + "certificate.pem"), servername: "muster-monitoring",
  key: readFileSync("/var/lib/muster/credentials/prometheus/monitoring-key"),
};
const options = { host: "127.0.0.1", port, path, rejectUnauthorized: Boolean(isTrusted), ...own };
require("node:https").get(options, (answer) => {
  answer.on("error", ({ code }) => console.log("refused " + code));
  answer.pipe(process.stdout);
}).on("error", ({ code }) => console.log("refused " + code));
`;

/** Stores the values on standard input in both Prometheuses, and starts a second Prometheus without TLS. */
const FILL = `set -e
cat >/run/past.txt
for data in metrics2 plain; do
  runuser -u prometheus -- sh -c "promtool tsdb create-blocks-from openmetrics /dev/stdin /var/lib/prometheus/$data" </run/past.txt >&2
done
systemctl restart prometheus
touch /run/plain.yml
systemd-run -q --unit=plain --uid=prometheus /usr/bin/prometheus --config.file=/run/plain.yml \
  --storage.tsdb.path=/var/lib/prometheus/plain --storage.tsdb.retention.time=40d --web.listen-address=:9097
ip -4 -o addr show scope global | sed -n 's/.*inet \\([0-9.]*\\).*/\\1/p' | head -1`;

const NODE = "/usr/local/lib/muster/node-*/node";

let project: Project;

const hub = (script: string) => project.onHost("hub", script);
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
const get = (port: number, path: string) =>
  hub(`${NODE} -e ${quoted(CLIENT)} ${port} ${quoted(path)} trusted`);

async function ask(path: string): Promise<unknown> {
  try {
    return (JSON.parse(await get(9090, path)) as { data: unknown }).data;
  } catch {
    return undefined;
  }
}

interface Notice {
  readonly status: string;
  readonly receiver: string;
  readonly alerts: readonly {
    readonly labels: Record<string, string>;
    readonly annotations: { summary: string };
  }[];
}

/** Returns the alerts that the webhook has received, with their receivers. */
async function received(alert: string) {
  const lines = (await hub("cat /run/alerts 2>/dev/null || true")).split("\n").filter((line) => line !== "");
  const notices = lines.map((line) => JSON.parse(line.slice(line.indexOf(" "))) as Notice);
  return notices.flatMap(({ receiver, alerts }) =>
    alerts.flatMap(({ labels, annotations }) =>
      labels["alertname"] === alert ? [{ receiver, ...labels, ...annotations }] : [],
    ),
  );
}

beforeAll(async () => {
  project = await makeProject(FILES, { "monitoring-key": KEY, hook: HOOK });
  await must(project.pulumi(["up", "--yes", "--skip-preview"]));
  await hub(`systemd-run -q --unit=receiver sh -c ${quoted(`exec ${NODE} -e ${quoted(RECEIVER)}`)}`);
});

afterAll(() => project?.dispose());

describe("`monitoring` in fleet.yaml", () => {
  test("observes all hosts over TLS after one `up`, and causes no drift", async () => {
    const targets = async () => {
      const data = (await ask("/api/v1/targets")) as {
        activeTargets: { health: string; scrapeUrl: string; labels: { host: string } }[];
      };
      return data?.activeTargets.map(({ health, scrapeUrl, labels: { host } }) => [
        host,
        health,
        scrapeUrl.slice(0, 8),
      ]);
    };
    await expect.poll(targets, { timeout: 60_000, interval: 1000 }).toEqual([
      ["east", "up", "https://"],
      ["hub", "up", "https://"],
    ]);
    expect((await must(project.fleet(["drift"]))).stdout).toContain("no drift");
    await must(project.pulumi(["preview", "--expect-no-changes"]));
    const running = (await must(project.fleet(["services"]))).stdout;
    expect(running.match(/ running /g)).toHaveLength(4);
  });

  test("has rules that fire as promtool expects", async () => {
    const rules = "/etc/muster-monitoring/prometheus/rules.yml";
    const { groups } = parse(await hub(`promtool check rules ${rules} >&2; cat ${rules}`)) as {
      groups: { rules: { alert: string; annotations: { summary: string } }[] }[];
    };
    const all = groups.flatMap((group) => group.rules);
    const summary = (name: string) => all.find(({ alert }) => alert === name)?.annotations.summary ?? "";
    const { stdout } = await execa(
      "ssh",
      [...project.sshArguments("hub"), "cat >/run/tests.yml && promtool test rules /run/tests.yml"],
      { input: promtoolTests(rules, summary) },
    );
    expect(stdout).toContain("SUCCESS");
  });

  test("lets `fleet report` take the uptimes of past days from Prometheus, with its key or by a URL", async () => {
    const { stdout: address } = await execa("ssh", [...project.sshArguments("hub"), FILL], {
      input: pastDays(),
    });
    const shares = async (...words: string[]) => {
      const { stdout } = await project.fleet(["report", "--json", "--prometheus", ...words]);
      const { agents = [] } = (JSON.parse(stdout) as { snapshot?: ReportSnapshot }).snapshot ?? {};
      const past = agents.map(({ agent, days }) => [
        agent,
        days.filter(({ date }) => date >= pastDate(5) && date < pastDate(0)),
      ]);
      return Object.fromEntries(past) as Record<string, { uptime: number; capacity: number }[]>;
    };
    const irisUptimes = async () => (await shares()).iris?.map(({ uptime }) => Math.round(uptime));
    await expect.poll(irisUptimes, { timeout: 60_000, interval: 2000 }).toEqual(IRIS_UPTIMES);
    const own = await shares();
    expect(own.loom?.map(({ uptime }) => Math.round(uptime))).toEqual([100, 100, 100, 100, 100]);
    expect(own.loom?.at(-1)?.capacity).toBeCloseTo(50, 0);
    expect(own.iris?.at(-1)?.capacity).toBeCloseTo(100, 0);
    expect(await shares(`http://${address}:9097`)).toEqual(own);
    const { stdout } = await project.fleet(["report", "--prometheus"]);
    expect(stdout).toMatch(/^Days at 95%\+ uptime +2 /m);
    expect(stdout).toMatch(/^- iris was up \d\d(\.\d)? % of the time/m);
  });

  test("lets `fleet report` name the reason why a Prometheus does not answer", async () => {
    const refusal = async (url: string) => (await project.fleet(["report", "--prometheus", url])).stderr;
    const address = await hub("hostname -I | cut -d' ' -f1");
    expect(await refusal(`http://${address}:9096`)).toMatch(/http:\S+:9096 was not queried: .*ECONNREFUSED/);
    expect(await refusal(`https://${address}:9097`)).toMatch(/use --prometheus without a URL/);
    expect(await refusal(`http://${address}:9097/other`)).toMatch(/not an answer of Prometheus/);
    await hub("systemctl stop prometheus");
    expect(await refusal("").catch(String)).toMatch(/must be a URL/);
    const { stderr } = await project.fleet(["report", "--prometheus"]);
    expect(stderr).toMatch(/hub: Prometheus cannot be queried: .*`npx fleet services`/);
    await hub("systemctl start prometheus");
  });

  test("prevents agents from reading the key, the metrics and the alerts", async () => {
    const east = (script: string) => project.onHost("east", script);
    const reads = (host: string) =>
      `runuser -u ${host} -- cat /var/lib/muster/credentials/*/monitoring-key 2>&1 || true`;
    const path = "/var/lib/muster/credentials/exporter-east/monitoring-key";
    expect(await east(`stat -c '%a %U' ${path}; runuser -u iris -- cat ${path} 2>&1 || true`)).toMatch(
      /^400 prometheus\n.*Permission denied$/,
    );
    expect(await hub(reads("loom"))).not.toContain("PRIVATE KEY");
    for (const port of [9100, 9090, 9093])
      expect(await hub(`runuser -u loom -- ${NODE} -e ${quoted(CLIENT)} ${port} /metrics`)).toMatch(
        /^refused /,
      );
    const metrics = () => get(9100, "/metrics");
    await expect.poll(metrics, { timeout: 60_000 }).toContain('muster_agent_up{agent="loom"} 1');
  });

  test("keeps the secrets of receivers out of units, files, arguments and the state", async () => {
    const state = (await must(project.pulumi(["stack", "export"]))).stdout;
    const units = await hub(
      "systemctl cat prometheus prometheus-alertmanager; cat /etc/muster-monitoring/*/*; cat /proc/*/cmdline 2>/dev/null || true",
    );
    expect(state + units).not.toContain("token-0123456789");
    expect(state).not.toContain("PRIVATE KEY");
    expect(await hub("stat -c '%a %U' /run/monitoring-alertmanager/alertmanager.yml")).toBe(
      "600 alertmanager",
    );
  });

  test("sends an alert about a dead agent to the receivers of its tenant and of all alerts", async () => {
    await must(project.fleet(["stop", "iris"]));
    const dead = { agent: "iris", tenant: "arc", host: "east" };
    const summary = "The agent iris on the host east is dead: its program does not run.";
    await expect
      .poll(() => received("AgentDead"), { timeout: 120_000, interval: 1000 })
      .toEqual(
        expect.arrayContaining([
          expect.objectContaining({ ...dead, receiver: "ops", summary }),
          expect.objectContaining({ ...dead, receiver: "all", summary }),
        ]),
      );
  });

  test("sends an alert about a host that is switched off only to the receiver of all alerts", async () => {
    await project.onHost("east", "systemctl poweroff").catch(() => undefined);
    await expect
      .poll(() => received("HostSilent"), { timeout: 120_000, interval: 1000 })
      .toEqual([expect.objectContaining({ host: "east", receiver: "all" })]);
  });
});
