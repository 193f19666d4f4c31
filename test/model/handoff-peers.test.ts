import { describe, expect, test } from "vitest";
import { inboxCommand } from "../../src/model/gate-account.ts";
import {
  inboxReference,
  inboxText,
  type KnownPeer,
  peersReference,
  peersText,
} from "../../src/model/handoff-peers.ts";

const HOSTS: Readonly<Record<string, KnownPeer>> = {
  hub: { address: "192.0.2.1", hostKeys: ["ssh-ed25519 HUB"] },
  east: { address: "192.0.2.2", port: 2222, hostKeys: ["ssh-ed25519 EAST", "ssh-rsa EAST"] },
  west: { address: "2001:db8::3", hostKeys: ["ssh-ed25519 WEST"] },
  bad: { address: "a;reboot", hostKeys: ["ssh-ed25519 BAD"] },
  new: { address: "192.0.2.5", hostKeys: [] },
};
const find = (host: string) => HOSTS[host];
const wordsOf = (reference: string) => reference.slice(reference.indexOf(":") + 1);

describe("the file with the other hosts", () => {
  const peersOf = (peers: Parameters<typeof peersReference>[0]["peers"]) =>
    JSON.parse(peersText(wordsOf(peersReference({ self: "hub", peers })), find));

  test("contains their declared addresses or the addresses at which Muster reaches them, and their pinned keys", () => {
    expect(peersOf({ east: {}, west: { address: "10.0.0.3", port: 23, relay: "hub" } })).toEqual({
      ownKeys: ["ssh-ed25519 HUB"],
      peers: {
        east: { address: "192.0.2.2", port: 2222, hostKeys: ["ssh-ed25519 EAST", "ssh-rsa EAST"] },
        west: { address: "10.0.0.3", port: 23, hostKeys: ["ssh-ed25519 WEST"], relay: "hub" },
      },
    });
  });

  test("contains no host that was never reached, whose keys are unknown, or whose address a shell could change", () => {
    expect(peersOf({ nowhere: {}, new: {}, bad: {}, east: {} }).peers).toEqual({
      east: expect.objectContaining({ port: 2222 }),
    });
  });
});

describe("the keys of the inbox", () => {
  const linesOf = (declared: Parameters<typeof inboxReference>[0]) =>
    inboxText(wordsOf(inboxReference(declared)), find, inboxCommand)
      .split("\n")
      .slice(1, -1);

  test("start one command, for one tenant of one host", () => {
    expect(linesOf({ senders: [{ host: "east", tenant: "arc" }], relayed: {} })).toEqual(
      ["ssh-ed25519 EAST", "ssh-rsa EAST"].map(
        (key) =>
          `restrict,cert-authority,principals="arc",command="sudo -n /usr/local/lib/muster/run inbox east arc" ${key}`,
      ),
    );
  });

  test("of a relay can only connect to the SSH port of the hosts behind it", () => {
    const senders = [{ host: "hub", tenant: "arc", opens: ["west", "nowhere"] }];
    expect(linesOf({ senders, relayed: { west: {}, nowhere: {} } })).toEqual([
      expect.stringContaining(',port-forwarding,permitopen="[2001:db8::3]:22" ssh-ed25519 HUB'),
    ]);
  });

  test("are absent for hosts that were never reached", () => {
    expect(linesOf({ senders: [{ host: "nowhere", tenant: "arc" }], relayed: {} })).toEqual([]);
  });
});
