import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { makeProject, must, type Project } from "./support/project.ts";

const SECRET = "sk-web-0123456789";

/** A small HTTP server that responds with status 503 while /run/web/down exists. */
const SERVER = `import { existsSync } from "node:fs";
import { createServer } from "node:http";
createServer((_, answer) => {
  answer.writeHead(existsSync("/run/web/down") ? 503 : 200).end();
}).listen(8080, "127.0.0.1");
`;

const UNIT = `[Unit]
Description=A small server

[Service]
User=web
RuntimeDirectory=web
ExecStart=/bin/sh -c 'exec /usr/local/lib/muster/node-*/node /opt/web/server.mjs'

[Install]
WantedBy=multi-user.target
`;

const REDIS = `bind 127.0.0.1
port 6379
supervised systemd
dir /var/lib/redis
pidfile /run/redis/redis-server.pid
`;

const CHECK = { interval: 1, timeout: 1, failures: 2, successes: 1 };

/** The services of the host. `cache` is installed from a Debian package, and `web` has a unit file of its own. */
const SERVICES = {
  cache: {
    host: "hub",
    unit: "redis-server.service",
    packages: ["redis-server"],
    user: "redis",
    files: { "/etc/redis/redis.conf": { from: "redis.conf", owner: "redis", mode: "0640" } },
    health: { command: ["/usr/bin/redis-cli", "ping"], ...CHECK },
    grace: 5,
  },
  web: {
    host: "hub",
    unitFile: { from: "web.service" },
    account: { home: "/opt/web" },
    credentials: ["web-key"],
    files: { "/opt/web/server.mjs": { from: "server.mjs" } },
    health: { http: "http://127.0.0.1:8080/", ...CHECK },
    grace: 3,
    restarts: { most: 3, within: "1h" },
  },
};

function fleetYaml(services: object): string {
  return stringify({
    apiVersion: "muster/v1",
    kind: "Fleet",
    name: "test",
    hosts: { hub: { kind: "local" } },
    tenants: {},
    // The tests change the same property several times.
    recurrence: { within: "1s" },
    credentials: { "web-key": { from: "config:web-key", type: "password", env: "WEB_KEY" } },
    agents: {},
    services,
  });
}

let project: Project;

const hub = (script: string) => project.onHost("hub", script);
const up = (exitCode = 0) => must(project.pulumi(["up", "--yes", "--skip-preview"]), exitCode);
const clean = async () => expect((await must(project.fleet(["drift"]))).stdout).toContain("no drift");

interface Row {
  readonly service: string;
  readonly state: string;
  readonly health?: string;
  readonly held?: string;
}

async function row(name: string): Promise<Row | undefined> {
  const { stdout } = await must(project.fleet(["services", "--json"]));
  return (JSON.parse(stdout) as { services: Row[] }).services.find(({ service }) => service === name);
}

async function events(name: string): Promise<string[]> {
  const { stdout } = await must(project.fleet(["history", name, "--json"]));
  return (JSON.parse(stdout) as { events: { event: string }[] }).events.map(({ event }) => event);
}

const isHealthy = (name: string) =>
  expect.poll(() => row(name), { timeout: 30_000 }).toMatchObject({ state: "running", health: "healthy" });

/** Returns the ID of the current run of a unit. Each run has a new ID. */
const runOf = (unit: string) => hub(`systemctl show -P InvocationID ${unit}`);

beforeAll(async () => {
  const files = { "redis.conf": REDIS, "web.service": UNIT, "server.mjs": SERVER };
  const secrets = { "web-key": SECRET };
  project = await makeProject({ "fleet.yaml": fleetYaml(SERVICES), ...files }, secrets);
  await up();
});

afterAll(() => project?.dispose());

describe("services", () => {
  test("are healthy after `pulumi up` on a host without agents, and cause no drift", async () => {
    await isHealthy("cache");
    await isHealthy("web");
    expect((await must(project.fleet(["services"]))).stdout).toMatch(
      /cache +hub +redis-server\.service +running +healthy +enabled/,
    );
    expect(await hub("redis-cli ping")).toBe("PONG");
    expect(await events("web")).toEqual(["healthy"]);
    await clean();
    const preview = await must(project.pulumi(["preview", "--diff", "--expect-no-changes"]));
    expect(preview.stdout).not.toContain("(update)");
  });

  test("keep their credentials only in their users' files and in their own environment", async () => {
    const file = "/var/lib/muster/credentials/web/web-key";
    expect(await hub(`stat -c '%a %U' ${file}`)).toBe("400 web");
    expect(await hub("tr '\\0' '\\n' </proc/$(systemctl show -P MainPID web)/environ")).toContain(
      `WEB_KEY=${SECRET}`,
    );
    expect(
      await hub(`systemctl cat redis-server web; systemctl show web; cat /proc/*/cmdline`),
    ).not.toContain(SECRET);
    expect(await hub(`runuser -u web -- cat ${file}`)).toContain(SECRET);
    expect(await hub(`runuser -u redis -- cat ${file} 2>&1 || true`)).toContain("Permission denied");
  });
});

describe("drift of a service", () => {
  const unit = "redis-server.service";
  const override = `/etc/systemd/system/${unit}.d`;
  const BATCHES: readonly (readonly (readonly [script: string, difference: RegExp])[])[] = [
    [
      ["dpkg --purge --force-depends redis-server", /cache +package redis-server +present/],
      ["echo WEB_KEY=a >/var/lib/muster/credentials/web/web-key", /web +credential web-key +content/],
      ["usermod -s /bin/bash web", /web +user web +shell/],
    ],
    [
      [`systemctl stop ${unit}`, /cache +unit +active/],
      [`systemctl disable -q ${unit}`, /cache +unit +enabled.*BOOT-ENABLE/],
      [`mkdir ${override}; printf '[Service]\\nNice=5\\n' >${override}/a.conf`, /cache +unit +overrides/],
      [`rm -r /usr/local/lib/systemd/system/${unit}.d`, /cache +Muster's settings +type/],
      ["sed -i s/small/big/ /etc/systemd/system/web.service", /web +unit file +content/],
    ],
    [
      [`systemctl mask -q --runtime ${unit}`, /cache +unit +enabled/],
      ["echo 'maxmemory 10mb' >>/etc/redis/redis.conf", /cache +\/etc\/redis\/redis.conf +content/],
      ["echo '{}' >/var/lib/muster/hostd/services/cache.json", /cache +deadman's policy +content/],
      ["rm /etc/systemd/system/web.service", /web +unit file +type/],
    ],
  ];

  test.each(BATCHES.map((batch) => [batch]))(
    "is reported with the service's name and the property, and `pulumi up` repairs the drift: %j",
    async (batch) => {
      for (const [script] of batch) await hub(`{ ${script}; } >/dev/null 2>&1`);
      const { stdout } = await must(project.fleet(["drift"]), 7);
      for (const [, difference] of batch) expect(stdout).toMatch(difference);
      await up();
      await clean();
      expect(await hub("redis-cli ping")).toBe("PONG");
    },
  );
});

describe("a health check", () => {
  test("restarts a service that hangs, and the restart is recorded", async () => {
    await isHealthy("cache");
    const before = await runOf("redis-server");
    await hub("systemctl kill --signal=SIGSTOP redis-server");
    await expect.poll(() => runOf("redis-server"), { timeout: 120_000, interval: 1000 }).not.toBe(before);
    await isHealthy("cache");
    expect((await events("cache")).slice(-4)).toEqual(["unhealthy", "asked", "started", "healthy"]);
    await clean();
  });

  test("starts a service again if its unit has failed and systemd does not restart the unit", async () => {
    const before = await runOf("web");
    await hub("systemctl kill --signal=SIGKILL web");
    await expect.poll(() => runOf("web"), { timeout: 60_000 }).not.toBe(before);
    await isHealthy("web");
    await clean();
  });

  test("does not restart a held service", async () => {
    await hub("touch /var/lib/muster/hostd/hold-web; sleep 2; touch /run/web/down");
    const before = await runOf("web");
    await hub("sleep 8");
    expect(await runOf("web")).toBe(before);
    expect((await row("web"))?.held).toContain("hold-web");
    await hub("rm /run/web/down /var/lib/muster/hostd/hold-web");
  });

  /** Breaks the server of `web`, and waits until the deadman has quarantined it. Returns the number of starts. */
  async function quarantineWeb(): Promise<number> {
    await hub(
      "systemctl stop muster-hostd; rm -f /var/lib/muster/hostd/memory.json; systemctl start muster-hostd",
    );
    await isHealthy("web");
    const starts = async () => Number(await hub("journalctl -u web.service -o cat | grep -c '^Started web'"));
    const before = await starts();
    await hub("sed -i 's/? 503 : 200/? 503 : 503/' /opt/web/server.mjs; systemctl restart web");
    await expect.poll(async () => (await row("web"))?.state, { timeout: 120_000 }).toBe("quarantined");
    return (await starts()) - before;
  }

  test("quarantines a service that is still unhealthy after the allowed number of restarts", async () => {
    expect(await quarantineWeb()).toBeLessThanOrEqual(1 + 3);
    expect(await hub("systemctl start web; systemctl is-active web || true")).toBe("inactive");
    expect((await must(project.fleet(["drift"]), 7)).stdout).toContain("npx fleet release web");
    await hub("sed -i 's/? 503 : 503/? 503 : 200/' /opt/web/server.mjs");
    expect((await up(1)).all).toContain("it has been in quarantine since");
    expect((await must(project.fleet(["release", "web"]))).stdout).toContain("web is released and running");
    await isHealthy("web");
    expect(await events("web")).toEqual(expect.arrayContaining(["quarantined", "released"]));
    await clean();
  });

  test("releases a quarantined service if `pulumi up` repairs a file that the service starts with", async () => {
    await quarantineWeb();
    await up();
    await isHealthy("web");
    await clean();
  });
});

describe("a service that cannot run", () => {
  const service = (text: string) => ({
    host: "hub",
    unitFile: { text: `${text}\n[Install]\nWantedBy=multi-user.target\n` },
  });

  test("is reported by name with systemd's message, and affects no other service", async () => {
    const before = await runOf("redis-server");
    const bad = {
      garbled: service("[Service]\nExecStart=no/path at all"),
      missing: service("[Service]\nExecStart=/usr/bin/nobody-has-this"),
      ending: service("[Service]\nExecStart=/bin/sh -c 'echo I cannot; exit 3'\nRestart=always"),
      stranger: service("[Service]\nUser=nobody-at-all\nExecStart=/bin/sleep 1000"),
    };
    project.write("fleet.yaml", fleetYaml({ ...SERVICES, ...bad }));
    const { all } = await up(1);
    expect(all).toMatch(/hub: .*garbled.*bad unit file setting/);
    expect(all).toMatch(/hub: .*missing.*nobody-has-this/);
    expect(all).toMatch(/hub: .*ending.*journal ends with: I cannot/);
    expect(all).toMatch(/hub: .*stranger.*user credentials/);
    expect(await runOf("redis-server")).toBe(before);
    project.write("fleet.yaml", fleetYaml(SERVICES));
    await up();
    await clean();
    expect(await hub("ls /etc/systemd/system | grep -E 'garbled|missing|ending|stranger' || true")).toBe("");
  });
});

describe("a service that is removed from fleet.yaml", () => {
  test("keeps running unchanged if the service existed before Muster adopted it", async () => {
    await hub(`printf '[Service]\\nExecStart=/bin/sleep 1000000\\n[Install]\\nWantedBy=multi-user.target\\n' >/etc/systemd/system/hand.service
      systemctl daemon-reload; systemctl enable -q --now hand`);
    const before = await runOf("hand");
    project.write("fleet.yaml", fleetYaml({ ...SERVICES, hand: { host: "hub" } }));
    await up();
    await clean();
    project.write("fleet.yaml", fleetYaml(SERVICES));
    const preview = await must(project.pulumi(["preview"]));
    expect(preview.all).toContain("hub: hand is not in fleet.yaml any more: `up` leaves its unit as it is.");
    await up();
    await clean();
    expect(await runOf("hand")).toBe(before);
    expect(await hub("systemctl is-enabled hand; systemctl is-active hand")).toBe("enabled\nactive");
  });

  test("is stopped and removed if Muster has installed it, but its packages and its user remain", async () => {
    project.write("fleet.yaml", fleetYaml({}));
    await up();
    await clean();
    expect(await hub("systemctl is-active redis-server web || true")).toBe("inactive\ninactive");
    expect(await hub("systemctl is-enabled redis-server || true")).toBe("disabled");
    expect(
      await hub(
        "ls -d /etc/systemd/system/web.service /opt/web/server.mjs /etc/redis/redis.conf /usr/local/lib/systemd /var/lib/muster/credentials/* /var/lib/muster/hostd/services 2>/dev/null || true",
      ),
    ).toBe("");
    expect(await hub("id -un web; dpkg -s redis-server | grep ^Package")).toBe("web\nPackage: redis-server");
    expect(await hub("systemctl list-unit-files muster-hostd.service --no-legend || true")).toBe("");
  });

  test("can be declared again, and `pulumi destroy` can be repeated", async () => {
    project.write("fleet.yaml", fleetYaml(SERVICES));
    await up();
    await isHealthy("cache");
    const destroy = () => must(project.pulumi(["destroy", "--yes", "--skip-preview"]));
    await destroy();
    await destroy();
  });
});
