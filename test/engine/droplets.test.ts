import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readProjectLaunch } from "../../src/engine/start-requirements.ts";

function projectWith(files: Readonly<Record<string, string>>) {
  const dir = mkdtempSync(join(tmpdir(), "muster-engine-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  return { dir, name: "fleet", backend: "", stackConfigDir: "stacks", isMusterProgram: true };
}

const HEAD = "apiVersion: muster/v1\nkind: Fleet\nname: f\ntenants: {}\nagents: {}\n";
const CLOUD = "cloud: {keys: {}, sshFrom: [192.0.2.1], region: nyc3, identityFile: ~/.ssh/deploy}\n";
const ADOPT = 'kind: droplet, adopt: {droplet: 7, hostKeys: ["ssh-ed25519 AAAA"]}';

async function envOf(files?: Readonly<Record<string, string>>) {
  return (await readProjectLaunch(files && projectWith(files))).env;
}

const NONE = { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" };
const SOME = { PULUMI_OPTION_REFRESH: "true" };

test("a fleet without droplets downloads no plugin and contacts no cloud", async () => {
  expect(await envOf()).toEqual(NONE);
  expect(await envOf({})).toEqual(NONE);
  expect(await envOf({ "fleet.yaml": `${HEAD}hosts: {a: {kind: local}} # no droplets` })).toEqual(NONE);
  expect(await envOf({ "stacks/inventory.droplets.yaml": "hosts: {}\n" })).toEqual(NONE);
});

test("a comment that mentions a droplet does not count as a declaration", async () => {
  const text = `${HEAD}hosts:\n  web: { kind: ssh, address: a.example } # or { kind: droplet }\n`;
  expect(await envOf({ "fleet.yaml": text })).toEqual(NONE);
});

test.each([
  `${HEAD}${CLOUD}hosts: {a: {${ADOPT}}}`,
  `${HEAD}${CLOUD}hosts:\n  a:\n    "kind": "droplet"\n    adopt: {droplet: 7}\n`,
  `${HEAD}${CLOUD}hosts: {a: {"kind": "dropl\\u0065t", adopt: {droplet: 7}}}`,
])("the cloud is refreshed for a fleet.yaml with a droplet: %j", async (text) => {
  expect(await envOf({ "fleet.yaml": text })).toEqual(SOME);
});

test("only `up` does not retry requests, because only `up` creates droplets", async () => {
  const { env, createEnv, readEnv } = await readProjectLaunch(
    projectWith({ "fleet.yaml": `${HEAD}${CLOUD}hosts: {a: {${ADOPT}}}` }),
  );
  expect(env).not.toHaveProperty("DIGITALOCEAN_HTTP_RETRY_MAX");
  expect(createEnv).toEqual({ DIGITALOCEAN_HTTP_RETRY_MAX: "0", DIGITALOCEAN_REQUESTS_PER_SECOND: "3" });
  expect(readEnv(30)).toEqual({});
  expect(readEnv(31)).toEqual({ DIGITALOCEAN_REQUESTS_PER_SECOND: "3" });
});

test("the cloud is refreshed once more after the last droplet has been removed from fleet.yaml", async () => {
  const inventory = 'hosts:\n  a:\n    address: 192.0.2.1\n    machine: "7"\n    hostKeys: []\n';
  expect(await envOf({ "stacks/inventory.droplets.yaml": inventory })).toEqual(SOME);
});

test("an invalid fleet.yaml counts as a fleet without droplets and causes no error in the launcher", async () => {
  expect(await envOf({ "fleet.yaml": "hosts: {a: {kind: droplet" })).toEqual(NONE);
  expect(await envOf({ "fleet.yaml": "hosts: {a: {kind: droplet}}" })).toEqual(NONE);
});

test("a droplet inventory that cannot be parsed counts as an inventory with droplets", async () => {
  expect(await envOf({ "stacks/inventory.droplets.yaml": "hosts: [" })).toEqual(SOME);
});

test("the ssh-agent gets only the keys of droplets, and each key only once", async () => {
  const hosts =
    `hosts:\n  a: &d {${ADOPT}}\n  b: *d\n  c: {${ADOPT}, identityFile: keys/c}\n` +
    "  d: {kind: ssh, address: d.example, identityFile: keys/d}\n";
  const project = projectWith({ "fleet.yaml": HEAD + CLOUD + hosts });
  const { privateKeys } = await readProjectLaunch(project);
  expect(privateKeys).toEqual([join(homedir(), ".ssh/deploy"), join(project.dir, "keys/c")]);
  const invalid = await readProjectLaunch(projectWith({ "fleet.yaml": ": [" }));
  expect(invalid.privateKeys).toEqual([]);
});

test("a user's own program can download any plugin", async () => {
  const project = { ...projectWith({ "fleet.yaml": HEAD }), isMusterProgram: false };
  expect((await readProjectLaunch(project)).env).toEqual({});
});
