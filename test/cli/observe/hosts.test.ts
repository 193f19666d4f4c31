import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { expect, test } from "vitest";
import { packageRoot } from "../../../src/base/muster-folders.ts";
import { codesOfHosts, hostProblems, observeHosts } from "../../../src/cli/observe/hosts.ts";
import { renderHosts, renderHostsJson } from "../../../src/cli/render/hosts.ts";
import { HEALTHY, type Machine } from "../../../src/model/machine-health.ts";
import { HostError } from "../../../src/transport/host-error.ts";
import { fleetOf } from "../../fixtures/fleet.ts";
import { MACHINE, readerOf } from "../support/answers.ts";

const UNHEALTHY: Machine = {
  uptime: 90_061,
  cores: 4,
  load: 20,
  memory: { size: 8 * 2 ** 30, used: 96.5 },
  disks: [
    { path: "/", size: 2 ** 35, used: 12 },
    { path: "/var\u001b[2J", size: 2 ** 36, used: 91.2 },
  ],
  failed: ["nginx.service"],
  deadman: "silent",
};

const { hosts, ...rest } = fleetOf();
const hub = hosts["hub"];
if (hub === undefined) throw new Error("the fixture has a hub");
const fleet = { ...rest, hosts: { hub, east: { ...hub, name: "east" }, west: { ...hub, name: "west" } } };

const observe = (machines: Readonly<Record<string, Machine>>) =>
  observeHosts(
    fleet,
    {},
    async (host) => {
      const machine = machines[host];
      if (machine !== undefined) return { ...readerOf(host).reader, machine: async () => machine };
      throw new HostError({ host, reason: "timeout", what: "it cannot be reached", why: "no answer." });
    },
    unobserved,
  );

async function unobserved(host: string): Promise<never> {
  throw new Error(`${host} is not observed only`);
}

test("the table of hosts has a row for each host, and a sentence for each problem", async () => {
  const report = await observe({ hub: MACHINE, east: UNHEALTHY });
  expect(renderHosts(report)).toBe(
    [
      "HOST  UP     LOAD  CORES  MEMORY       DISK                       FAILED  DEADMAN",
      "hub   1h     0.1   2      20% of 3.7G  30% of 37G, /              0       watching",
      "east  1d 1h  5.0   4      97% of 8.0G  91% of 64G, /var\\u001b[2J  1       silent",
      "west  -      -     -      -            -                          -       -",
      "",
      "west is unreachable, never reached from here: it cannot be reached: no answer.",
      "east: /var\\u001b[2J is 91.2 % full (limit 80 %).",
      "east: 96.5 % of its memory is in use (limit 90 %).",
      "east: its load per core is 5.0 (limit 4).",
      "east: 1 unit failed: nginx.service.",
      "east: its deadman is silent.",
      "",
    ].join("\n"),
  );
  expect(codesOfHosts(report)).toEqual([4, 5]);
  expect(codesOfHosts(await observe({ hub: MACHINE, east: MACHINE, west: MACHINE }))).toEqual([]);
});

test("a host is checked against its declared limits", async () => {
  expect(hostProblems(MACHINE, { ...HEALTHY, disk: 29 })).toEqual(["/ is 30 % full (limit 29 %)"]);
  const strict = { ...fleet, hosts: { hub: { ...hub, healthy: { memory: 10 } } } };
  const { rows } = await observeHosts(strict, {}, async (host) => readerOf(host).reader, unobserved);
  expect(rows[0]?.ailments).toEqual(["20 % of its memory is in use (limit 10 %)"]);
});

test("the JSON output about hosts is valid against its schema", async () => {
  const json = JSON.parse(renderHostsJson(await observe({ hub: MACHINE, east: UNHEALTHY })));
  const read = (file: string) => JSON.parse(readFileSync(join(packageRoot(), "docs/schema", file), "utf8"));
  const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
  ajv.addSchema(read("drift.schema.json"), "drift.schema.json");
  const validate = ajv.compile(read("hosts.schema.json"));
  validate(json);
  expect(validate.errors).toBeNull();
  expect(json).toMatchObject({ exit: 5, codes: [5, 4] });
});
