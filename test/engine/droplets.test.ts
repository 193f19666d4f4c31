import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { pluginEnv } from "../../src/engine/droplets.ts";

function projectWith(files: Readonly<Record<string, string>>) {
  const dir = mkdtempSync(join(tmpdir(), "muster-engine-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  return { dir, name: "fleet", backend: "", stackConfigDir: "stacks" };
}

const NONE = { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" };
const SOME = { PULUMI_OPTION_REFRESH: "true", DIGITALOCEAN_HTTP_RETRY_MAX: "0" };

test("a fleet without droplets fetches no vendor's plugin and asks no cloud", () => {
  expect(pluginEnv(undefined)).toEqual(NONE);
  expect(pluginEnv(projectWith({}))).toEqual(NONE);
  expect(pluginEnv(projectWith({ "fleet.yaml": "hosts: {a: {kind: local}} # no droplets" }))).toEqual(NONE);
  const forgotten = { "stacks/inventory.droplets.yaml": "hosts: {}\n" };
  expect(pluginEnv(projectWith(forgotten))).toEqual(NONE);
});

test.each(["hosts: {a: {kind: droplet}}", 'hosts:\n  a:\n    "kind": "droplet"\n'])("%j asks it", (text) => {
  expect(pluginEnv(projectWith({ "fleet.yaml": text }))).toEqual(SOME);
});

test("so does one whose last droplet was just taken out of fleet.yaml", () => {
  const inventory = 'hosts:\n  a:\n    address: 192.0.2.1\n    machine: "7"\n';
  expect(pluginEnv(projectWith({ "stacks/inventory.droplets.yaml": inventory }))).toEqual(SOME);
});
