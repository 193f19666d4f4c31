import { expect, test } from "vitest";
import { mapDefinitions, resolveNode, SCHEMAS, type SchemaNode } from "../../scripts/generate/schema.ts";
import type { Fleet } from "../../src/config/fleet.ts";
import { HEALTHY } from "../../src/model/machine-health.ts";
import { check, lines, useFolder, write } from "./support/folder.ts";

const folder = useFolder();

type Entry = Readonly<Record<string, unknown>>;

const PROBE = { tcp: 1 };
const CLOUD = { keys: { me: "ssh-ed25519 AAAA" }, sshFrom: ["192.0.2.1"], region: "nyc3" };
const AGENT = { host: "hub", tenant: "arc", command: ["/bin/true"] };
const TWO_PROVIDERS = [{ provider: "one" }, { provider: "two" }];
const AGENT_JOB = { schedule: "daily", command: ["/bin/true"], agent: "iris" };

const ROUTE = { agents: ["iris"], to: "iris", patterns: ["git push"], match: ["git push"] };

/** Returns a fleet with one agent, in which the given sections replace the original ones. */
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

const monitoring = (entry: Entry) =>
  fleetWith({
    credentials: { key: { from: "config:key", type: "other" } },
    monitoring: { host: "hub", credential: "key", ...entry },
  });

/** For each map that the schema defines, a fleet that contains this map with the given keys. */
const FLEETS: Readonly<Record<string, (keys: Entry, key: string) => Entry>> = {
  "fleet.yaml": (keys, key) => fleetWith({ agents: {}, [key]: undefined, ...keys }),
  moved: (keys) => fleetWith({ moved: keys }),
  recurrence: (keys) => fleetWith({ recurrence: keys }),
  budget: (keys) => fleetWith({ budgets: { daily: { agent: "iris", per: "day", tokens: 1000, ...keys } } }),
  provider: (keys) => fleetWith({ providers: { one: { probe: PROBE, ...keys }, two: {} } }),
  monitoring: (keys) => monitoring(keys),
  alertDelays: (keys) => monitoring({ after: keys }),
  route: (keys) => fleetWith({ routes: { push: { ...ROUTE, ...keys } } }),
  window: (keys) => fleetWith({ maintenance: [{ from: "02:00", to: "04:00", ...keys }] }),
  heartbeat: (keys) => agent({ heartbeat: { by: "file", ...keys } }),
  health: (keys, key) =>
    service({ health: { ...(["method", "expect"].includes(key) ? { http: "http://a" } : PROBE), ...keys } }),
  restarts: (keys) => agent({ restarts: keys }),
  rights: (keys) => agent({ rights: keys }),
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
  identityFile: (keys) =>
    fleetWith({ identities: { iris: { soul: "SOUL.md", files: { a: { text: "a", ...keys } } } } }),
  file: (keys) =>
    service({ enabled: false, unitFile: { text: "[Service]\nExecStart=/bin/true\n", ...keys } }),
  onChange: (keys) => agent({ onChange: { restart: "when-idle", ...keys } }),
  failover: (keys) => agent({ providers: TWO_PROVIDERS, failover: keys }),
  pinnedRuntime: (keys) => fleetWith({ runtimes: { hermes: { version: "1.2.3", from: "pypi", ...keys } } }),
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

const LOCK = {
  format: 1,
  runtimes: {
    hermes: {
      ...{ from: "pypi", package: "hermes-agent", version: "1.2.3", program: "hermes", file: "a:b" },
      ...{ interpreter: "python", interpreterVersion: "3.11", archives: [] },
    },
  },
};

function load(fleet: Entry): Fleet | undefined {
  write(folder.path, { "fleet.lock": JSON.stringify(LOCK) });
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
  "the default of $key in $name has the same effect whether fleet.yaml states or omits it",
  ({ name, key, value }) => {
    const fleet = FLEETS[name];
    if (fleet === undefined) throw new Error(`this test has no fleet with a map ${name}`);
    expect(load(fleet({ [key]: value }, key))).toEqual(load(fleet({}, key)));
  },
);

test("`fleet hosts` uses the default limits that the schema states for a healthy host", () => {
  const limits = defaults.filter(({ name }) => name === "healthy").map(({ key, value }) => [key, value]);
  expect(Object.fromEntries(limits)).toEqual(HEALTHY);
});
