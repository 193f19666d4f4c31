import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UnreachableError } from "../../src/base/errors.ts";
import { connect } from "../../src/transport/connect.ts";
import type { HostError } from "../../src/transport/host-error.ts";
import type { Target } from "../../src/transport/target.ts";
import { SOME_KEY, targetOf } from "../fixtures/target.ts";

let mute: Server;

beforeAll(async () => {
  mute = createServer(() => {}).listen(0, "127.0.0.1");
  await once(mute, "listening");
});

afterAll(() => mute.close());

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
}

async function failure(target: Target, signal?: AbortSignal): Promise<HostError> {
  const error = await connect(target, { ...(signal && { signal }) }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(UnreachableError);
  return error as HostError;
}

describe("an unreachable host", () => {
  test("is reported if nothing listens on its port", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const port = portOf(server);
    server.close();
    const error = await failure(targetOf({ port, hostKeys: [SOME_KEY] }));
    expect(error.reason).toBe("refused");
    expect(error.message).toBe(
      `hub: it cannot be reached: ssh: connect to host 127.0.0.1 port ${port}: Connection refused. ` +
        "Check that sshd runs on the host, and check its port in fleet.yaml.",
    );
  });

  test("is abandoned after its connect timeout if it does not respond", async () => {
    const started = Date.now();
    const error = await failure(targetOf({ port: portOf(mute), hostKeys: [SOME_KEY], connectTimeout: 1 }));
    expect(error.reason).toBe("timeout");
    expect(Date.now() - started).toBeLessThan(3000);
  });

  test("is reported if its name does not resolve", async () => {
    const error = await failure(targetOf({ address: "no-such-host.invalid", hostKeys: [SOME_KEY] }));
    expect(error.reason).toBe("name");
  });

  test("is not contacted if no host key is pinned", async () => {
    const error = await failure(targetOf({ address: "no-such-host.invalid" }));
    expect(error.reason).toBe("key-unknown");
    expect(error.message).toContain("no host key is pinned for it");
  });

  test("is abandoned immediately if the run is cancelled", async () => {
    const signal = AbortSignal.timeout(200);
    const started = Date.now();
    const error = await failure(targetOf({ port: portOf(mute), hostKeys: [SOME_KEY] }), signal);
    expect(error.reason).toBe("cancelled");
    expect(Date.now() - started).toBeLessThan(2000);
  });
});
