import { expect, test } from "vitest";
import { broken, check, lines, useFolder } from "./support/folder.ts";

const folder = useFolder();

const PROVIDERS =
  'providers: {nous: {probe: {http: "https://a.example", interval: 10}}, gemini: {probe: {tcp: "b.example:443"}}, bare: {}}\n';
const KEYS =
  'credentials:\n  nous-key: {from: "config:n", type: api-key, provider: nous, env: KEY}\n' +
  '  gemini-key: {from: "config:g", type: api-key, provider: gemini, env: KEY}\n';
const TWO =
  "providers: [{provider: nous, model: a, credential: nous-key}, {provider: gemini, credential: gemini-key}]";

/** Checks the small fleet after these fields have replaced the command of iris. */
function iris(words: string, providers = PROVIDERS) {
  const text = broken("command: [/bin/true]}\n  loom", `${words}}\n  loom`);
  return check(folder, text.replace("tenants:", `${providers}tenants:`).replace("credentials:\n", KEYS));
}

const problemsOf = (words: string) => lines(iris(words).problems).map((line) => line.replace(/^\S+ /, ""));

test("an agent has the credentials of all its providers, and each provider uses only its own credential", () => {
  const { fleet } = iris(`command: [/bin/true], ${TWO}, failover: {switch: now, returnAfter: 1m}`);
  const agent = fleet?.agents["iris"];
  expect(agent?.credentials).toEqual(["iris-key", "nous-key", "gemini-key"]);
  expect(agent?.model).toEqual({ provider: "nous", model: "a" });
  expect(agent?.failover).toMatchObject({
    ...{ restart: "now", deadline: 300, returnAfter: 60 },
    choices: [
      { provider: "nous", credentials: ["iris-key", "nous-key"] },
      { provider: "gemini", model: { provider: "gemini" }, credentials: ["iris-key", "gemini-key"] },
    ],
  });
  expect(fleet?.providers["nous"]?.probe).toMatchObject({ interval: 10, failures: 3, successes: 2 });
});

test("each provider has its own command line, and a single provider can be declared in `runtime` instead of `providers`", () => {
  const vendors = PROVIDERS.replace("nous: {", "nous: {vendor: openai, ").replace(
    "gemini: {",
    "gemini: {vendor: google, ",
  );
  const two = iris(`runtime: {kind: pi, args: [-c]}, ${TWO}`, vendors).fleet?.agents["iris"];
  expect(two?.failover?.choices.map(({ command }) => command.join(" "))).toEqual([
    "pi --provider openai --model a -c",
    "pi --provider google -c",
  ]);
  expect(two?.command).toEqual(two?.failover?.choices[0]?.command);
  const one = iris("command: [/bin/true], providers: [{provider: bare, model: m}]").fleet?.agents["iris"];
  expect([one?.model, one?.failover]).toEqual([{ provider: "bare", model: "m" }, undefined]);
  const short = iris("runtime: {kind: command, program: /bin/true, provider: bare, model: m}").fleet?.agents[
    "iris"
  ];
  expect(short?.model).toEqual(one?.model);
});

test("the runtime hermes gets the additional models as fallbacks, and the deadman does not switch the provider of hermes", () => {
  const order = "providers: [{provider: nous, model: a}, {provider: gemini, model: b}]";
  const agent = iris(`runtime: hermes, ${order}`).fleet?.agents["iris"];
  expect(agent?.settings.files[".hermes/config.yaml"]).toContain(
    'fallback_providers:\n  - {"provider":"gemini","model":"b"}\n',
  );
  expect(agent?.failover).toBeUndefined();
  expect(problemsOf(`runtime: hermes, ${order}, failover: now`)).toEqual([
    expect.stringMatching(/^agents.iris.failover: needs at least two/),
  ]);
  expect(problemsOf("runtime: hermes, providers: [{provider: nous, model: a}, {provider: gemini}]")).toEqual([
    "agents.iris.providers[1].model: is missing: hermes silently skips an entry without a model",
  ]);
});

test.each([
  [
    TWO.replace("gemini,", "gemni,"),
    'agents.iris.providers[1].provider: no provider is named "gemni"; did you mean "gemini"?',
  ],
  [
    TWO.replace("gemini-key", "gemni-key"),
    'agents.iris.providers[1].credential: no credential is named "gemni-key"; did you mean "gemini-key"?',
  ],
  [
    "providers: [{provider: nous}, {provider: nous}]",
    'agents.iris.providers[1].provider: "nous" is already in this list: both entries would fail together',
  ],
  [
    "providers: [{provider: bare}, {provider: nous}]",
    "agents.iris.providers[0].provider: has no `probe`, so its failure would not be noticed: add a `probe` to providers.bare",
  ],
  [
    "providers: [{provider: nous, credential: gemini-key}, {provider: gemini}]",
    'agents.iris.providers[0].credential: "gemini-key" belongs to provider "gemini"',
  ],
  [
    "providers: [{provider: nous}], failover: now",
    "agents.iris.failover: needs at least two `providers`, and a runtime without its own failover",
  ],
  [`${TWO}, failover: sometimes`, "agents.iris.failover: must be when-idle or now"],
  [
    `${TWO}, failover: {returnAfter: 2d}`,
    'agents.iris.failover.returnAfter: must be a duration from 1 second to 1 day, such as 600, "30m" or "1h"',
  ],
  ["providers: []", "agents.iris.providers: must be a list of one to ten providers"],
  [
    `${TWO}, env: {KEY: x}`,
    'agents.iris.providers[0].credential: credential "nous-key" sets KEY, which the agent\'s `env` sets already',
  ],
])("an invalid declaration of providers is refused: %s", (words, problem) => {
  expect(problemsOf(`command: [/bin/true], ${words}`)).toEqual(
    expect.arrayContaining([expect.stringContaining(problem)]),
  );
});

test("a provider cannot be declared both in `runtime` and in `providers`", () => {
  expect(problemsOf(`runtime: {kind: pi, provider: nous}, ${TWO}`)).toEqual(
    expect.arrayContaining([
      expect.stringContaining("cannot be combined with the provider or model of `runtime`"),
    ]),
  );
});

test("two agents cannot have the same secret, even if one agent uses the secret only after a failover", () => {
  const text = broken("command: [/bin/true]}\n  loom", `command: [/bin/true], ${TWO}}\n  loom`)
    .replace("loom: {host: east, tenant: arc,", "loom: {host: east, tenant: arc, credentials: [gemini-key],")
    .replace("tenants:", `${PROVIDERS}tenants:`)
    .replace("credentials:\n", KEYS);
  expect(lines(check(folder, text).problems)).toEqual([
    expect.stringContaining("is used by agents iris, loom"),
  ]);
});
