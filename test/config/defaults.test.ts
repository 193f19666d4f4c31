import { expect, test } from "vitest";
import { mapDefinitions, resolveNode, SCHEMAS, type SchemaNode } from "../../scripts/generate/schema.ts";
import type { Fleet } from "../../src/config/fleet.ts";
import { HEALTHY } from "../../src/model/machine.ts";
import { check, lines, useFolder } from "./support/folder.ts";

const folder = useFolder();

type Entry = Readonly<Record<string, unknown>>;

const PROBE = { tcp: 1 };
const CLOUD = { keys: { me: "ssh-ed25519 AAAA" }, sshFrom: ["192.0.2.1"], region: "nyc3" };
const AGENT = { host: "hub", tenant: "arc", command: ["/bin/true"] };
const TWO_PROVIDERS = [{ provider: "one" }, { provider: "two" }];
const AGENT_JOB = { schedule: "daily", command: ["/bin/true"], agent: "iris" };

/** A fleet with one agent, in which the given sections replace the original ones. */
function fleetWith(sections: Entry): Entry {
  return {
    ...{ apiVersion: "muster/v1", kind: "Fleet", name: "test" },
    ...{ hosts: { hub: { kind: "local" } }, tenants: { arc: {} } },
    ...{ identities: { iris: { soul: "SOUL.md" } }, contacts: { iris: { type: "agent" } } },
    ...{ providers: { one: { probe: PROBE }, two: {} }, agents: { iris: AGENT } },
    ...sections,
  };
}

const host = (entry: Entry) => fleetWith({ cloud: CLOUD, hosts: { hub: entry } });
const agent = (entry: Entry) => fleetWith({ agents: { iris: { ...AGENT, ...entry } } });
const service = (entry: Entry) => fleetWith({ services: { web: { host: "hub", health: PROBE, ...entry } } });

/** For each definition of the schema, a fleet that contains such a map with the given keys. */
const FLEETS: Readonly<Record<string, (keys: Entry, key: string) => Entry>> = {
  "fleet.yaml": (keys, key) => fleetWith({ agents: {}, [key]: undefined, ...keys }),
  moved: (keys) => fleetWith({ moved: keys }),
  window: (keys) => fleetWith({ maintenance: [{ from: "02:00", to: "04:00", ...keys }] }),
  heartbeat: (keys) => agent({ heartbeat: { by: "file", ...keys } }),
  health: (keys, key) =>
    service({ health: { ...(["method", "expect"].includes(key) ? { http: "http://a" } : PROBE), ...keys } }),
  restarts: (keys) => agent({ restarts: keys }),
  service,
  account: (keys) => service({ user: "web", account: keys }),
  serviceFile: (keys) => service({ files: { "/etc/web": { text: "a", ...keys } } }),
  healthy: (keys) => host({ kind: "local", healthy: keys }),
  adopt: (keys) => host({ kind: "droplet", adopt: { droplet: 7, ...keys } }),
  volume: (keys) => host({ kind: "droplet", volumes: { data: { size: 1, ...keys } } }),
  openPort: (keys) => host({ kind: "droplet", open: [{ port: 443, ...keys }] }),
  setupStep: (keys) => host({ kind: "droplet", setup: { one: { run: "true", ...keys } } }),
  cloud: (keys) => fleetWith({ cloud: { ...CLOUD, ...keys }, hosts: { hub: { kind: "droplet" } } }),
  host: (keys, key) => host({ kind: key === "protect" ? "local" : "droplet", ...keys }),
  tenant: (keys) => fleetWith({ tenants: { arc: keys } }),
  identity: (keys) => fleetWith({ identities: { iris: { soul: "SOUL.md", ...keys } } }),
  file: (keys) =>
    fleetWith({ identities: { iris: { soul: "SOUL.md", files: { a: { text: "a", ...keys } } } } }),
  onChange: (keys) => agent({ onChange: { restart: "when-idle", ...keys } }),
  failover: (keys) => agent({ providers: TWO_PROVIDERS, failover: keys }),
  runtime: (keys) => agent({ command: undefined, runtime: { kind: "pi", ...keys } }),
  onFailure: (keys) => fleetWith({ jobs: { retro: { ...AGENT_JOB, onFailure: keys } } }),
  job: (keys) => fleetWith({ jobs: { retro: { ...AGENT_JOB, ...keys } } }),
  agent: (keys, key) =>
    agent({
      ...(key === "ttl" && { lifecycle: "ephemeral" }),
      ...(key === "failover" && { providers: TWO_PROVIDERS }),
      ...keys,
    }),
};

function load(fleet: Entry): Fleet | undefined {
  // JSON is also YAML.
  const { fleet: loaded, problems } = check(folder, JSON.stringify(fleet));
  expect(lines(problems)).toEqual([]);
  return loaded;
}

const root = { name: "fleet.yaml", node: SCHEMAS["fleet.schema.json"] ?? {} };

const defaults = [root, ...mapDefinitions()].flatMap(({ name, node: { properties = {} } }) =>
  Object.entries(properties).flatMap(([key, child]) => {
    const node: SchemaNode = resolveNode(child);
    return node.default === undefined ? [] : [{ name, key, value: node.default }];
  }),
);

test.each(defaults.filter(({ name }) => name !== "healthy"))(
  "the default of $key in $name can be written into fleet.yaml without any effect",
  ({ name, key, value }) => {
    const fleet = FLEETS[name];
    if (fleet === undefined) throw new Error(`this test has no fleet with a map ${name}`);
    expect(load(fleet({ [key]: value }, key))).toEqual(load(fleet({}, key)));
  },
);

test("the default limits of a healthy host are those that `fleet hosts` uses", () => {
  const limits = defaults.filter(({ name }) => name === "healthy").map(({ key, value }) => [key, value]);
  expect(Object.fromEntries(limits)).toEqual(HEALTHY);
});
