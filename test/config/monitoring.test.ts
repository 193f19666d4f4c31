import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { packageRoot } from "../../src/base/muster-folders.ts";
import { ALERT_NAMES } from "../../src/config/fleet/monitoring.ts";
import type { Fleet } from "../../src/config/fleet.ts";
import { SECRETS_SCRIPT } from "../../src/config/monitoring/alert-routes.ts";
import { compilePlan } from "../../src/resources/index.ts";
import { promtoolTests, TESTED } from "../fixtures/alert-tests.ts";
import { broken, check, lines, useFolder } from "./support/folder.ts";

const folder = useFolder();

const SECRETS = ["key", "hook", "bot", "mail", "chat"];

/** Returns the small fleet with a `monitoring` section. */
function withMonitoring(section: string, more = ""): string {
  const credentials = SECRETS.map((name) => `  ${name}: {from: "config:${name}", type: other${more}}\n`).join(
    "",
  );
  return broken("credentials:\n", `monitoring: ${section}\ncredentials:\n${credentials}`);
}

const problems = (section: string, more?: string) =>
  lines(check(folder, withMonitoring(section, more)).problems);

function fleetWith(section: string): Fleet {
  const { fleet, problems } = check(folder, withMonitoring(section));
  expect(lines(problems)).toEqual([]);
  return fleet as Fleet;
}

const RECEIVERS =
  "receivers: {ops: {webhook: {url: hook}, telegram: {chat: -5, token: bot}, discord: {url: chat}}, " +
  "team: {tenants: [arc], slack: {url: chat}, email: {to: a@b.c, from: d@e.f, server: 'mail:587', user: u, password: mail}}}";
const FULL = `{host: hub, credential: key, after: {dead: 5s}, addresses: {east: 10.0.0.7}, ${RECEIVERS}}`;

/** Returns the text of a file of a service. */
function fileOf(fleet: Fleet, service: string, name: string): string {
  const files = Object.entries(fleet.services[service]?.files ?? {});
  return files.find(([path]) => path.endsWith(`/${name}`))?.[1].text ?? "";
}

interface Rule {
  readonly alert: string;
  readonly for: string;
  readonly expr: string;
  readonly annotations: { readonly summary: string };
}

function rulesOf(fleet: Fleet): Rule[] {
  const { groups } = parse(fileOf(fleet, "prometheus", "rules.yml")) as { groups: { rules: Rule[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

/** Runs a program with files in a temporary folder. Returns its output. */
function run(files: Readonly<Record<string, string>>, program: string, ...args: string[]) {
  const dir = mkdtempSync(join(tmpdir(), "muster-monitoring-"));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
    return spawnSync(program, args, { cwd: dir, encoding: "utf8" });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const hasPromtool = spawnSync("promtool", ["--version"]).status === 0;
const hasAmtool = spawnSync("amtool", ["--version"]).status === 0;

describe("`monitoring` in fleet.yaml", () => {
  test("declares Prometheus and Alertmanager on its host, and an exporter on each host", () => {
    const { services } = fleetWith(FULL);
    const placed = Object.values(services).map(({ name, host, unit }) => [name, host, unit]);
    expect(placed).toEqual([
      ["exporter-hub", "hub", "prometheus-node-exporter.service"],
      ["exporter-east", "east", "prometheus-node-exporter.service"],
      ["prometheus", "hub", "prometheus.service"],
      ["alertmanager", "hub", "prometheus-alertmanager.service"],
    ]);
    expect(services["exporter-east"]?.open).toMatchObject([{ port: "9100" }]);
    expect(services["exporter-hub"]?.open).toEqual([]);
  });

  test("creates no firewall for an adopted droplet that has no firewall", () => {
    const opened = (host: string) => {
      const text = withMonitoring("{host: hub, credential: key}").replace(
        "{kind: ssh, address: 192.0.2.1}",
        host,
      );
      const cloud = "cloud: {keys: {me: ssh-ed25519 AAAA}, sshFrom: [192.0.2.1], region: nyc3}\nhosts:";
      return check(folder, text.replace("hosts:", cloud)).fleet?.services["exporter-east"]?.open;
    };
    expect(opened("{kind: droplet, adopt: {droplet: 7}}")).toEqual([]);
    expect(opened("{kind: droplet, adopt: {droplet: 7}, sshFrom: [192.0.2.1]}")).toHaveLength(1);
    expect(opened("{kind: droplet}")).toHaveLength(1);
  });

  test("makes every program require the key, and contains no secret's value", () => {
    const fleet = fleetWith(FULL);
    for (const service of Object.keys(fleet.services)) {
      const { tls_server_config } = parse(fileOf(fleet, service, "web.yml"));
      expect(tls_server_config.client_auth_type).toBe("RequireAndVerifyClientCert");
      expect(tls_server_config.key_file).toBe(`/var/lib/muster/credentials/${service}/key`);
    }
    const plan = compilePlan(fleet, { bundle: "b", node: "n" });
    const keys = plan.declarations
      .flatMap(({ items }) => Object.values(items))
      .filter((item) => "secret" in item);
    expect(keys.filter((item) => item.kind === "file" && item.secret === "config:key")).toHaveLength(4);
  });

  test("scrapes all hosts, and waits for the machines of these hosts", () => {
    const plan = compilePlan(fleetWith(FULL), { bundle: "b", node: "n" });
    const prometheus = plan.declarations.find(({ id }) => id === "hub/prometheus/service");
    expect(prometheus?.machines).toEqual(["hub", "east"]);
    expect(prometheus?.items["/etc/muster-monitoring/prometheus/hosts.json"]).toMatchObject({
      secret: "addresses:9100,hub=127.0.0.1,east=10.0.0.7",
    });
  });

  test("gives each metric of an agent its tenant, and sends a tenant only the alerts of its agents", () => {
    const fleet = fleetWith(FULL);
    const { scrape_configs } = parse(fileOf(fleet, "prometheus", "prometheus.yml"));
    expect(scrape_configs[0].metric_relabel_configs).toEqual([
      { source_labels: ["agent"], regex: "iris|loom", target_label: "tenant", replacement: "arc" },
    ]);
    const { route, receivers } = parse(fileOf(fleet, "alertmanager", "alertmanager.yml"));
    expect(route.routes).toEqual([
      { receiver: "ops", continue: true },
      { receiver: "team", matchers: ['tenant=~"arc"'], continue: true },
    ]);
    const kinds = (name: string) =>
      Object.keys(receivers.find((one: { name: string }) => one.name === name)).filter(
        (key) => key !== "name",
      );
    expect(kinds("ops")).toEqual(["webhook_configs", "telegram_configs", "discord_configs"]);
    expect(kinds("team")).toEqual(["email_configs", "slack_configs"]);
    const ways = receivers.flatMap((one: object) => Object.values(one).flat());
    const configs = ways.filter((one: unknown) => typeof one === "object");
    expect(configs).toHaveLength(5);
    for (const config of configs) expect(config).toMatchObject({ send_resolved: true });
  });

  test("has one alert for each fault, with the declared delays", () => {
    const rules = rulesOf(fleetWith(FULL));
    expect(rules.map(({ alert }) => alert)).toHaveLength(ALERT_NAMES.length);
    expect(rules.find(({ alert }) => alert === "AgentDead")?.for).toBe("5s");
    expect(rules.find(({ alert }) => alert === "HostSilent")?.for).toBe("120s");
  });

  test("reports a silent host within five minutes by default", () => {
    const { monitoring } = fleetWith(`{host: hub, credential: key, ${RECEIVERS}}`);
    const { interval = Number.NaN, wait = Number.NaN, after } = monitoring ?? {};
    // Prometheus notices the failure, evaluates the rule when the delay has passed, and Alertmanager then waits.
    expect(2 * interval + (after?.hostSilent ?? Number.NaN) + interval + wait).toBeLessThan(300);
  });

  test("uses the limits of each host", () => {
    const text = withMonitoring(FULL).replace("hub: {kind: local", "hub: {kind: local, healthy: {disk: 95}");
    const { fleet } = check(folder, text);
    const disks = rulesOf(fleet as Fleet).filter(({ alert }) => alert === "DiskFull");
    expect(disks.map(({ expr }) => expr.slice(-4))).toEqual(["> 95", "> 80"]);
  });

  test("has the alerts that docs/monitoring.md lists", () => {
    const page = readFileSync(join(packageRoot(), "docs/monitoring.md"), "utf8");
    const rows = [...page.matchAll(/^\| (\w+) \| `(\w+)` \| .* \| \d+[smh] \|$/gm)].map(([, alert, name]) => [
      alert,
      name,
    ]);
    const rules = rulesOf(fleetWith("{host: hub, credential: key}"));
    expect(rows).toEqual(rules.map(({ alert }, i) => [alert, ALERT_NAMES[i]]));
  });
});

describe("the `monitoring` section", () => {
  test.each([
    [
      "an unknown host",
      "{host: hubb, credential: key}",
      'monitoring.host: no host is named "hubb"; did you mean "hub"?',
    ],
    [
      "an unknown credential",
      "{host: hub, credential: kez}",
      'no credential is named "kez"; did you mean "key"?',
    ],
    ["a missing credential", "{host: hub}", "monitoring.credential: is missing"],
    [
      "an unknown tenant",
      "{host: hub, credential: key, receivers: {a: {tenants: [ark], slack: {url: hook}}}}",
      'monitoring.receivers.a.tenants[0]: no tenant is named "ark"; did you mean "arc"?',
    ],
    [
      "an unknown credential of a receiver",
      "{host: hub, credential: key, receivers: {a: {webhook: {url: hok}}}}",
      'monitoring.receivers.a: no credential is named "hok"; did you mean "hook"?',
    ],
    [
      "a receiver without a way",
      "{host: hub, credential: key, receivers: {a: {}}}",
      "must have at least one of `webhook`, `email`, `telegram`, `slack` and `discord`",
    ],
    [
      "a URL instead of a credential's name",
      "{host: hub, credential: key, receivers: {a: {webhook: {url: 'https://x.example/y'}}}}",
      'no credential is named "https://x.example/y"',
    ],
    [
      "an unknown alert",
      "{host: hub, credential: key, after: {ded: 5s}}",
      'monitoring.after.ded: is not a known key; did you mean "dead"?',
    ],
    [
      "an address of an unknown host",
      "{host: hub, credential: key, addresses: {west: 10.0.0.1}}",
      'no host is named "west"',
    ],
  ])("is refused if it has %s", (_, section, sentence) => {
    expect(problems(section)).toEqual([expect.stringContaining(sentence)]);
  });

  test("is refused if its credential is an environment variable", () => {
    expect(problems("{host: hub, credential: key}", ", env: A_KEY")).toContainEqual(
      expect.stringContaining(
        'the credential "key" has `env`, but the monitoring reads it as a file: remove `env`',
      ),
    );
  });

  test("is refused if a declared service has the name of a monitoring service", () => {
    const text = withMonitoring("{host: hub, credential: key}\nservices: {prometheus: {host: east}}");
    expect(lines(check(folder, text).problems)).toEqual([
      expect.stringContaining("services.prometheus: is also the name of a service that `monitoring` creates"),
    ]);
  });
});

describe("the script before Alertmanager's start", () => {
  const template = 'a: "@{hook}"\nb: "no @{hook} here"\n';
  const start = (value: string) => {
    const dir = mkdtempSync(join(tmpdir(), "muster-monitoring-"));
    writeFileSync(join(dir, "secrets.pl"), SECRETS_SCRIPT);
    writeFileSync(join(dir, "from.yml"), template);
    writeFileSync(join(dir, "hook"), value);
    try {
      execFileSync("perl", ["secrets.pl", "from.yml", ".", "to.yml"], { cwd: dir, stdio: "pipe" });
      return readFileSync(join(dir, "to.yml"), "utf8");
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  };

  test("fills in secrets with any characters", () => {
    const secret = 'https://x.example/"a\\b$HOME é#: {}';
    expect(parse(start(`${secret}\n`))).toEqual({ a: secret, b: "no @{hook} here" });
  });

  test("refuses a secret with several lines, without printing it", () => {
    expect(() => start("first\nsecond")).toThrow("the credential hook has more than one line");
  });
});

test.skipIf(!hasAmtool)(
  "Alertmanager accepts all kinds of receivers (needs Debian's package prometheus-alertmanager)",
  () => {
    const fleet = fleetWith(FULL);
    const text = fileOf(fleet, "alertmanager", "alertmanager.yml").replaceAll(
      /"@\{\w+\}"/g,
      '"https://x.example/"',
    );
    const { status, stdout, stderr } = run(
      { "alertmanager.yml": text },
      "amtool",
      "check-config",
      "alertmanager.yml",
    );
    expect([status, `${stdout}${stderr}`]).toEqual([0, expect.stringContaining("3 receivers")]);
  },
);

describe("the alert rules", () => {
  test("all have a test", () => {
    expect(new Set(TESTED)).toEqual(new Set(ALERT_NAMES));
  });

  test.skipIf(!hasPromtool)("fire as promtool expects (needs Debian's package prometheus)", () => {
    const fleet = fleetWith("{host: hub, credential: key}");
    const summary = (alert: string) =>
      rulesOf(fleet).find((rule) => rule.alert === alert)?.annotations.summary ?? "";
    const files = {
      "rules.yml": fileOf(fleet, "prometheus", "rules.yml"),
      "tests.yml": promtoolTests("rules.yml", summary),
    };
    const { status, stdout, stderr } = run(files, "promtool", "test", "rules", "tests.yml");
    expect([status, `${stdout}${stderr}`]).toEqual([0, expect.stringContaining("SUCCESS")]);
  });
});
