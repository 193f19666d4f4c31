import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
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

/** What the API answers to every question, and what it was asked. */
async function api(status: number) {
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.authorization}`);
    response.writeHead(status, { "retry-after": "0" }).end('{"account": {}, "message": "No."}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { asked, env: { DIGITALOCEAN_API_URL: url, DIGITALOCEAN_TOKEN: "canary" } };
}

test("the account is asked once, before the engine starts, and the engine then looks at the cloud", async () => {
  const { asked, env } = await api(200);
  const said = await pulumi(["up"], env);
  expect(said.exitCode).toBe(0);
  expect(asked).toEqual(["/v2/account Bearer canary"]);
  expect(said.stdout).toContain("PULUMI_OPTION_REFRESH=true");
  expect(said.stdout).not.toContain("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION");
});

test("no token, a wrong one and an API that is down are one sentence each, and the engine is not started", async () => {
  const none = await pulumi(["up"]);
  expect({ code: none.exitCode, out: none.stdout }).toEqual({ code: 2, out: "" });
  expect(none.stderr).toMatch(/^pulumi: no token of DigitalOcean: /);
  for (const [status, code, sentence] of [
    [401, 2, /it does not know the token/],
    [503, 1, /Run this again later/],
  ] as const) {
    const said = await pulumi(["preview"], (await api(status)).env);
    expect({ code: said.exitCode, out: said.stdout }).toEqual({ code, out: "" });
    expect(said.stderr).toMatch(sentence);
    expect(said.stderr).not.toContain("canary");
  }
});

test("a tenant's stack, a run that does not look, and what is no operation ask nobody", async () => {
  const { asked, env } = await api(500);
  await pulumi(["up", "--refresh=false"], env);
  await pulumi(["stack", "ls"], env);
  writeFileSync(join(project, "stacks/Pulumi.prod.yaml"), 'config: {"muster:slice": "tenant:arc"}\n');
  await pulumi(["up"], env);
  expect(asked).toEqual([]);
});

test("a comment that mentions a droplet needs no token", async () => {
  const text =
    "apiVersion: muster/v1\nkind: Fleet\nname: f\ntenants: {}\nagents: {}\n" +
    "hosts:\n  web: { kind: ssh, address: web.example } # a host that you have; or { kind: droplet }\n";
  writeFileSync(join(project, "fleet.yaml"), text);
  const said = await pulumi(["preview"]);
  expect({ code: said.exitCode, err: said.stderr }).toEqual({ code: 0, err: "" });
  expect(said.stdout).toContain("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true");
});

test("a fleet.yaml that is invalid starts the engine, whose program reports it", async () => {
  writeFileSync(join(project, "fleet.yaml"), "hosts: {web: {kind: droplet\n");
  expect((await pulumi(["preview"])).exitCode).toBe(0);
});
