import { expect, test } from "vitest";
import { machineFindings } from "../../../src/cli/observe/machine-findings.ts";

const urn = (token: string, name: string) => `urn:pulumi:dev::fleet::${token}::${name}`;
const FIREWALL = urn("digitalocean:index/firewall:Firewall", "web");
/** Returns the engine's steps. A `refresh` step has the recorded inputs in both of its states. */
const steps = (recorded: object, read: object) => [
  { op: "refresh", urn: FIREWALL, oldState: { inputs: recorded }, newState: { inputs: recorded } },
  {
    op: "update",
    urn: FIREWALL,
    detailedDiff: { "inboundRules[1]": {}, "inboundRules[0].portRange": {} },
    oldState: { inputs: read },
    newState: { inputs: { rules: 3 } },
  },
];

test("a firewall change in the cloud is drift, and a firewall change in fleet.yaml is intended", () => {
  const place = {
    host: "web",
    resource: "web",
    type: "Firewall",
    item: "firewall",
    property: "inboundRules",
  };
  const declared = { declared: "as in fleet.yaml" };
  expect(machineFindings(steps({ rules: 1 }, { rules: 2 }), {})).toEqual([
    { ...place, ...declared, observed: "changed on the machine", cause: "drift" },
  ]);
  expect(machineFindings(steps({ rules: 1 }, { rules: 1 }), {})).toEqual([
    { ...place, ...declared, observed: "as before", cause: "intended" },
  ]);
});

test("keys, commands and agents do not count as machines, and the machines of hosts that are not selected are omitted", () => {
  const create = { op: "create", urn: urn("digitalocean:index/volume:Volume", "web/data") };
  const others = [
    { op: "create", urn: urn("digitalocean:index/sshKey:SshKey", "deploy") },
    { op: "create", urn: urn("command:remote:Command", "web/setup/swap") },
    { op: "create", urn: urn("muster:index:Agent", "web/iris/agent") },
  ];
  expect(machineFindings([...others, create], { host: "web" })).toMatchObject([{ resource: "web/data" }]);
  expect(machineFindings([...others, create], { host: "hub" })).toEqual([]);
  expect(machineFindings([create], { tenant: "arc" })).toEqual([]);
});
