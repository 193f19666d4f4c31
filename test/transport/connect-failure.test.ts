import { expect, test } from "vitest";
import { connectFailure } from "../../src/transport/connect-failure.ts";
import { SOME_KEY, targetOf } from "../fixtures/target.ts";

const failure = (stderr: string, more: object = {}) =>
  connectFailure({ ...targetOf(), ...more }, { code: 255, stderr, cancelled: false }, "").message;

test.each([
  [
    "a jump host that refuses",
    "ssh: connect to host 127.0.0.1 port 1: Connection refused\nkex_exchange_identification: Connection closed by remote host",
    "the jump host or the ProxyCommand in your ssh_config did not connect",
  ],
  [
    "a jump host that does not accept the key",
    "me@jump: Permission denied (publickey).\nkex_exchange_identification: Connection closed by remote host",
    "the jump host or the ProxyCommand in your ssh_config did not connect",
  ],
  [
    "a jump host that does not reach the host",
    "channel 0: open failed: connect failed: No route to host\nstdio forwarding failed",
    "the jump host in your ssh_config does not reach it",
  ],
  [
    "an invalid ssh_config",
    "/root/.ssh/config: line 2: Bad configuration option: foo\nterminating, 1 bad configuration options",
    "your own ssh_config is invalid",
  ],
  [
    "a server that closes the connection",
    "kex_exchange_identification: Connection closed by remote host",
    "it cannot be reached",
  ],
])("%s is reported in a separate sentence", (_, stderr, sentence) => {
  expect(failure(stderr)).toContain(sentence);
});

test("a key that differs from the user's known_hosts is not described as pinned", () => {
  const stderr = "Host key for hub has changed and you have requested strict checking.";
  const text = failure(stderr, {
    hostKeys: [SOME_KEY],
    keysFrom: "known_hosts",
    address: "192.0.2.1",
    port: 2222,
  });
  expect(text).toContain("is not the one in your known_hosts");
  expect(text).toContain("`ssh-keygen -R '[192.0.2.1]:2222'`");
});
