import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { expect, test } from "vitest";
import { packageRoot } from "../../../src/base/muster-folders.ts";
import { codesOfAgents } from "../../../src/cli/observe/agents.ts";
import { observeServices } from "../../../src/cli/observe/services.ts";
import { renderServices, renderServicesJson } from "../../../src/cli/render/services.ts";
import type { ServiceSpec } from "../../../src/config/fleet.ts";
import type { UnitStatus } from "../../../src/model/protocol.ts";
import { HostError } from "../../../src/transport/host-error.ts";
import { fleetOf } from "../../fixtures/fleet.ts";
import { readerOf } from "../support/answers.ts";

function service(name: string, host: string): ServiceSpec {
  return {
    ...{
      name,
      host,
      unit: `${name}.service`,
      open: [],
      packages: [],
      files: {},
      user: "root",
      credentials: [],
    },
    ...{ enabled: "enabled", running: true, grace: 60, onUnhealthy: "restart" },
    ...{ restarts: { most: 5, within: 3600 }, maintenance: [], protect: false },
    health: {
      probe: { kind: "tcp", host: "::1", port: 1, timeout: 5 },
      interval: 15,
      failures: 3,
      successes: 2,
    },
  };
}

const all = [
  service("cache", "hub"),
  service("forge", "hub"),
  service("gone", "hub"),
  service("web", "west"),
];
const fleet = { ...fleetOf(), services: Object.fromEntries(all.map((one) => [one.name, one])) };

const UP = { sub: "running", enabled: "enabled", pid: 42, restarts: 0, since: 240, status: "" };
const UNITS: readonly UnitStatus[] = [
  {
    ...UP,
    ...{ unit: "cache.service", state: "active" },
    checked: { unit: "cache.service", health: "healthy", detail: "it answers \u001b[2J", restarts: 2 },
  },
  {
    ...UP,
    ...{ unit: "forge.service", state: "inactive", pid: 0 },
    quarantine: { since: "2026-01-02T03:04:05.678Z", reason: "5 restarts within 60 min" },
    checked: { unit: "forge.service", health: "unhealthy", restarts: 5, held: "held by a file" },
  },
  { ...UP, unit: "gone.service", state: "absent", enabled: "", pid: 0 },
];

function observe(selection: { host?: string; tenant?: string } = {}) {
  return observeServices(fleet, selection, async (host) => {
    if (host === "west") {
      throw new HostError({ host, reason: "timeout", what: "it cannot be reached", why: "no answer." });
    }
    const ps = async () => ({ units: UNITS, deadman: "silent" as const });
    return { ...readerOf(host).reader, ps };
  });
}

test("the table of services has a row for each service, and a sentence for each problem", async () => {
  const report = await observe();
  expect(renderServices(report)).toBe(
    [
      "SERVICE  HOST  UNIT           STATE        HEALTH   ENABLED  PID  RESTARTS  SINCE  CHECK",
      "cache    hub   cache.service  running      healthy  enabled  42   2         4m     it answers \\u001b[2J",
      "forge    hub   forge.service  quarantined  -        enabled  -    5         4m     -",
      "gone     hub   gone.service   not there    -        -        -    -         -      -",
      "web      west  web.service    unreachable  -        -        -    -         -      -",
      "",
      "west is unreachable, never reached from here: it cannot be reached: no answer.",
      "hub: its deadman is silent: run `npx fleet ssh hub -- systemctl status muster-hostd.service`.",
      "forge is in quarantine: 5 restarts within 60 min. `npx fleet release forge` releases it.",
      "forge: the deadman does not act on it: held by a file.",
      "",
    ].join("\n"),
  );
  expect(codesOfAgents(report)).toEqual([4]);
});

test("the JSON output about services is valid against its schema", async () => {
  const ajv = new Ajv({ strict: false });
  const schema = (name: string) =>
    JSON.parse(readFileSync(join(packageRoot(), "docs/schema", `${name}.schema.json`), "utf8"));
  ajv.addSchema(schema("drift"), "drift.schema.json");
  const validate = ajv.compile(schema("services"));
  expect(validate(JSON.parse(renderServicesJson(await observe()))), JSON.stringify(validate.errors)).toBe(
    true,
  );
});

test("a service is listed if its host is selected, and no service is listed if a tenant is selected", async () => {
  expect((await observe({ tenant: "arc" })).services).toEqual([]);
  expect((await observe({ host: "west" })).services.map((one) => one.service)).toEqual(["web"]);
});
