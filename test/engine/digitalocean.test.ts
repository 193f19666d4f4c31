import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { node, projectIn, ROOT, type Sandbox, sandbox, standInEngine } from "./sandbox.ts";

let box: Sandbox;
let project: string;

beforeEach(() => {
  box = sandbox();
  project = projectIn(box);
  standInEngine(join(box.launcher, "bin"), "3.259.0", "env");
  writeFileSync(join(project, "stacks/prod.passphrase"), "correct horse\n", { mode: 0o600 });
  writeFileSync(
    join(project, "fleet.yaml"),
    "apiVersion: muster/v1\nkind: Fleet\nname: f\ntenants: {}\nagents: {}\n" +
      "cloud: {keys: {}, sshFrom: [192.0.2.1], region: nyc3}\nhosts: {web: {kind: droplet, adopt: {droplet: 7}}}\n",
  );
});

function pulumi(args: string[], env: Record<string, string> = {}) {
  return node([join(ROOT, "src/engine/pulumi.ts"), ...args], { ...box.env, ...env }, project);
}

/** Starts an API that responds to every request with one status, and records the requests. */
async function api(status: number) {
  const requests: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.url} ${request.headers.authorization}`);
    response.writeHead(status, { "retry-after": "0" }).end('{"account": {}, "message": "No."}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { requests, env: { DIGITALOCEAN_API_URL: url, DIGITALOCEAN_TOKEN: "canary" } };
}

test("the account is checked once before the engine starts, and the engine then refreshes the cloud resources", async () => {
  const { requests, env } = await api(200);
  const result = await pulumi(["up"], env);
  expect(result.exitCode).toBe(0);
  expect(requests).toEqual(["/v2/account Bearer canary"]);
  expect(result.stdout).toContain("PULUMI_OPTION_REFRESH=true");
  expect(result.stdout).not.toContain("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION");
});

test("a missing or wrong token and an unavailable API are reported in one sentence, and the engine does not start", async () => {
  const missing = await pulumi(["up"]);
  expect({ code: missing.exitCode, out: missing.stdout }).toEqual({ code: 2, out: "" });
  expect(missing.stderr).toMatch(/^pulumi: there is no DigitalOcean token: /);
  for (const [status, code, sentence] of [
    [401, 2, /it does not accept the token/],
    [503, 1, /Run this again later/],
  ] as const) {
    const result = await pulumi(["preview"], (await api(status)).env);
    expect({ code: result.exitCode, out: result.stdout }).toEqual({ code, out: "" });
    expect(result.stderr).toMatch(sentence);
    expect(result.stderr).not.toContain("canary");
  }
});

test("no request is sent for a tenant's stack, for a run without a refresh, or for a command that is not an operation", async () => {
  const { requests, env } = await api(500);
  await pulumi(["up", "--refresh=false"], env);
  await pulumi(["stack", "ls"], env);
  writeFileSync(join(project, "stacks/Pulumi.prod.yaml"), 'config: {"muster:slice": "tenant:arc"}\n');
  await pulumi(["up"], env);
  expect(requests).toEqual([]);
});

describe("a stack with resources at DigitalOcean", () => {
  const DROPLET = {
    urn: "urn:pulumi:prod::fleet::digitalocean:index/droplet:Droplet::web",
    ...{ type: "digitalocean:index/droplet:Droplet", id: "7", protect: true },
  };
  const AGENT = { urn: "urn:pulumi:prod::fleet::muster:index:Agent::a", type: "muster:index:Agent", id: "a" };

  /**
   * Installs an engine that prints the state, notes each refresh, and otherwise prints its arguments and environment.
   */
  function engineWith(refreshCode: number) {
    const state = JSON.stringify({ deployment: { resources: [DROPLET, AGENT] } });
    const body = [
      'case "$*" in',
      `*"stack export"*) echo '${state}';;`,
      `*refresh*--yes*) { echo "args $@"; env; } >${box.home}/refresh; echo "error: 502 from it" >&2; exit ${refreshCode};;`,
      '*) echo "args $@"; env;;',
      "esac",
    ];
    standInEngine(join(box.launcher, "bin"), "3.259.0", body.join("\n"));
  }

  test("is read before `up` with retries, and is then changed without a refresh and without retries", async () => {
    engineWith(0);
    const { env } = await api(200);
    const { stdout } = await pulumi(["up", "--refresh"], env);
    const refresh = readFileSync(join(box.home, "refresh"), "utf8");
    expect(refresh).toMatch(
      /^args .*refresh --yes --skip-preview .*--target urn:pulumi:\*\*::digitalocean:\*\*$/m,
    );
    expect(refresh).not.toContain("DIGITALOCEAN_HTTP_RETRY_MAX");
    expect(stdout).toMatch(/^args up$/m);
    expect(stdout).toContain("PULUMI_OPTION_REFRESH=false");
    expect(stdout).toContain("DIGITALOCEAN_HTTP_RETRY_MAX=0");
    const file = /^MUSTER_RECORDED_IDS=(.*)$/m.exec(stdout)?.[1] ?? "";
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual([
      { type: DROPLET.type, name: "web", id: "7", isProtected: true, isLeaving: false },
    ]);
  });

  test("is updated even if a resource cannot be read, and the output reports this", async () => {
    engineWith(255);
    const { stdout, stderr } = await pulumi(["up"], (await api(200)).env);
    expect(stderr).toMatch(/not everything could be read, .*error: 502 from it/);
    expect(stdout).toMatch(/^args up$/m);
  });

  test("is refreshed by the engine itself in a preview, and failed requests are retried", async () => {
    engineWith(0);
    const { stdout } = await pulumi(["preview"], (await api(200)).env);
    expect(stdout).toContain("PULUMI_OPTION_REFRESH=true");
    expect(stdout).not.toContain("DIGITALOCEAN_HTTP_RETRY_MAX");
    expect(existsSync(join(box.home, "refresh"))).toBe(false);
  });
});

test("a token is not needed if only a comment of fleet.yaml mentions a droplet", async () => {
  const text =
    "apiVersion: muster/v1\nkind: Fleet\nname: f\ntenants: {}\nagents: {}\n" +
    "hosts:\n  web: { kind: ssh, address: web.example } # a host that you have; or { kind: droplet }\n";
  writeFileSync(join(project, "fleet.yaml"), text);
  const result = await pulumi(["preview"]);
  expect({ code: result.exitCode, err: result.stderr }).toEqual({ code: 0, err: "" });
  expect(result.stdout).toContain("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true");
});

test("the engine starts even if fleet.yaml is invalid, and the Pulumi program reports the error", async () => {
  writeFileSync(join(project, "fleet.yaml"), "hosts: {web: {kind: droplet\n");
  expect((await pulumi(["preview"])).exitCode).toBe(0);
});
