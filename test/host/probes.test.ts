import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { afterEach, expect, test } from "vitest";
import { newProber } from "../../src/host/probes/prober.ts";
import { runProbe } from "../../src/host/probes/run-probe.ts";
import type { HealthCheck, HttpProbe } from "../../src/model/health-check.ts";

const servers: Server[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => new Promise((done) => server.close(done)))));

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  return `http://127.0.0.1:${await portOf(server)}`;
}

async function portOf(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return (server.address() as AddressInfo).port;
}

function http(url: string, more: Partial<HttpProbe> = {}): HttpProbe {
  return { kind: "http", url, method: "GET", expect: ["2xx"], timeout: 1, ...more };
}

test.each([
  [200, ["2xx"], true],
  [204, ["200", "204"], true],
  [401, ["2xx"], false],
  [401, ["2xx", "401"], true],
  [429, ["4xx"], true],
  [429, ["2xx"], false],
  [500, ["2xx"], false],
])("status %i counts as healthy for a check that expects %j: %s", async (status, expected, ok) => {
  const url = await serve((_, response) => response.writeHead(status).end());
  expect(await runProbe(http(url, { expect: expected }))).toEqual({ ok, detail: `it answers ${status}` });
});

test("a redirect counts as a response and is not followed", async () => {
  let asked = 0;
  const url = await serve((_, response) => {
    asked += 1;
    response.writeHead(302, { location: "/again" }).end();
  });
  expect(await runProbe(http(url))).toEqual({ ok: false, detail: "it answers 302" });
  expect(asked).toBe(1);
});

test("an endless response body is not read to the end", async () => {
  const url = await serve((_, response) => {
    const more = setInterval(() => response.write("x".repeat(65536)), 1);
    response.on("close", () => clearInterval(more));
  });
  expect(await runProbe(http(url))).toMatchObject({ ok: true });
});

test("a server that accepts a connection but does not respond fails its check after the timeout", async () => {
  const url = await serve(() => {});
  expect(await runProbe(http(url, { timeout: 0.2 }))).toEqual({
    ok: false,
    detail: "no answer within 0.2 s",
  });
});

test("a server fails its check if it is down or does not speak HTTP", async () => {
  const url = await serve(() => {});
  await new Promise((done) => servers.pop()?.close(done));
  expect(await runProbe(http(url))).toMatchObject({
    ok: false,
    detail: expect.stringContaining("ECONNREFUSED"),
  });
  const garbage = createTcpServer((socket) => socket.resume().end("SSH-2.0-x\r\n"));
  expect(await runProbe(http(`http://127.0.0.1:${await portOf(garbage)}`))).toMatchObject({ ok: false });
});

test("a probe fails if its host name does not resolve", async () => {
  expect(await runProbe(http("http://nowhere.invalid/", { timeout: 5 }))).toMatchObject({ ok: false });
});

test("an open port is healthy, and a closed port is not", async () => {
  const port = await portOf(createTcpServer(() => {}));
  const tcp = { kind: "tcp", host: "127.0.0.1", port, timeout: 1 } as const;
  expect(await runProbe(tcp)).toMatchObject({ ok: true });
  await new Promise((done) => servers.pop()?.close(done));
  expect(await runProbe(tcp)).toMatchObject({ ok: false, detail: expect.stringContaining("ECONNREFUSED") });
});

const CHECK: HealthCheck = { probe: http("http://a.invalid"), interval: 10, failures: 3, successes: 2 };

function scripted() {
  const pending: ((ok: boolean) => void)[] = [];
  const prober = newProber(
    () => new Promise((done) => pending.push((ok) => done({ ok, detail: ok ? "up" : "down" }))),
  );
  const answer = async (ok: boolean) => {
    pending.shift()?.(ok);
    await new Promise(setImmediate);
  };
  return { prober, pending, answer };
}

test("a check runs when it is due, and never twice at the same time", async () => {
  const { prober, pending, answer } = scripted();
  const wanted = new Map([["a", CHECK]]);
  expect(prober.poll(wanted, 0)).toEqual(new Map());
  prober.poll(wanted, 30);
  expect(pending).toHaveLength(1);
  await answer(false);
  expect(prober.poll(wanted, 31).get("a")).toEqual({ ok: false, detail: "down", count: 1, streak: 1 });
  await answer(false);
  expect(prober.poll(wanted, 40).get("a")).toMatchObject({ count: 2, streak: 2 });
  prober.poll(wanted, 41);
  await answer(true);
  expect(prober.poll(wanted, 42).get("a")).toMatchObject({ ok: true, count: 3, streak: 1 });
});

test("a check has no result yet after it was changed, or after it was removed and declared again", async () => {
  const { prober, answer } = scripted();
  prober.poll(new Map([["a", CHECK]]), 0);
  await answer(false);
  expect(prober.poll(new Map([["a", { ...CHECK, interval: 20 }]]), 1)).toEqual(new Map());
  prober.poll(new Map(), 2);
  expect(prober.poll(new Map([["a", CHECK]]), 3)).toEqual(new Map());
});
