import { setTimeout } from "node:timers/promises";
import { ROUTES_FILE } from "../../model/host-paths.ts";
import { accountOf, readAccounts } from "../accounts/read-accounts.ts";
import type { Host } from "../context.ts";
import { readRoutes } from "../routing/agent-command-io.ts";
import { reasonOf } from "../system/error-reason.ts";
import { tryResourceLock } from "../system/locks.ts";
import { type PeerActions, receiveFromPeer } from "./receive-from-peer.ts";
import { receiveAs } from "./run-step.ts";
import { typeForAgent } from "./type-for-agent.ts";

/** The maximum size of a request in bytes, so that no host can fill the memory. */
const MOST = 32 * 1024 * 1024;

/** The maximum number of requests of one host that are handled at the same time. */
const MOST_AT_ONCE = 8;

/** Milliseconds to wait until fewer requests of the host are handled. */
const PATIENCE = 20_000;

/**
 * Answers one request of another host: JSON on stdin, and JSON on stdout. sshd starts this command for a sender's key,
 * whatever the sender requests, so the sender can do nothing else on this host.
 *
 * @param peer the host whose key has certified the connection
 * @param tenant the tenant in the certificate
 */
export async function runInbox(host: Host, peer: string, tenant: string): Promise<void> {
  let reply: object;
  let release: (() => void) | undefined;
  try {
    release = await takeSlot(host, peer);
    const request = JSON.parse(await readRequest());
    const routes = readRoutes(ROUTES_FILE);
    const actions: PeerActions = {
      receive: async (agent, input) => {
        const [user = ""] = Object.entries(routes.users).find(([, name]) => name === agent) ?? [];
        return receiveAs(host, accountOf(readAccounts(host.paths.etc), user), agent, input);
      },
      type: (target, source, message) => typeForAgent(host, { agent: source, host: peer }, target, message),
    };
    reply = { answer: await receiveFromPeer(routes, { host: peer, tenant }, request, actions) };
  } catch (error) {
    reply = { error: reasonOf(error) };
  } finally {
    release?.();
  }
  process.stdout.on("error", () => {});
  process.stdout.write(JSON.stringify(reply));
}

async function takeSlot(host: Host, peer: string): Promise<() => void> {
  for (const end = Date.now() + PATIENCE; ; await setTimeout(100)) {
    for (let slot = 0; slot < MOST_AT_ONCE; slot += 1) {
      const release = tryResourceLock(host, `inbox/${peer}/${slot}`);
      if (release !== undefined) return release;
    }
    if (Date.now() > end) throw new Error(`it handles ${MOST_AT_ONCE} requests of ${peer} already`);
  }
}

async function readRequest(): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of process.stdin as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MOST) throw new Error("the request is too large");
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}
