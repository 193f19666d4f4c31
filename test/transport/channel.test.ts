import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openChannel } from "../../src/transport/channel.ts";

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "muster-channel-"));
  vi.stubEnv("PATH", `${dir}:${process.env["PATH"]}`);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(dir, { recursive: true });
});

/** Replaces ssh by a script. */
function ssh(script: string): void {
  writeFileSync(join(dir, "ssh"), `#!/bin/sh\n${script}\n`);
  chmodSync(join(dir, "ssh"), 0o755);
}

test("a channel has ended when ssh ends, although an open connection of an old ssh still has its stderr", async () => {
  ssh("sleep 5 >/dev/null & echo refused >&2; exit 255");
  const started = Date.now();
  expect(await openChannel([]).ended).toMatchObject({ code: 255, stderr: "refused\n" });
  expect(Date.now() - started).toBeLessThan(4000);
});

test("messages about shared connections are not the reason why a connection failed", async () => {
  ssh(`echo "mux_client_request_session: session request failed: Session open refused by peer" >&2
echo "ControlSocket /run/x already exists, disabling multiplexing" >&2
echo "Permission denied (publickey)." >&2
exit 255`);
  expect(await openChannel([]).ended).toMatchObject({ stderr: "Permission denied (publickey).\n" });
});
