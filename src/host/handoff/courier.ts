import { ROUTES_FILE } from "../../model/host-paths.ts";
import { type HostRoutes, isSameTenant } from "../../model/routes.ts";
import { readAccounts } from "../accounts/read-accounts.ts";
import type { Host } from "../context.ts";
import { readMark } from "../moves/move-state.ts";
import { readRoutes } from "../routing/agent-command-io.ts";
import { reasonOf } from "../system/error-reason.ts";
import { type Courier, deliverHandoffs, NOTHING_WAITS, parseWaiting } from "./deliver-handoffs.ts";
import { deliverMessages, type MessageCourier } from "./deliver-messages.ts";
import type { InRequest } from "./handoff-step.ts";
import type { WaitingHandoffs } from "./handoff-store.ts";
import { type PeerConnections, peerConnections } from "./peer-connections.ts";
import { formerNames } from "./receive-from-peer.ts";
import { receiveAs, runStepAs } from "./run-step.ts";
import { typeForAgent } from "./type-for-agent.ts";
import { readWaiting, saveWaiting } from "./waiting-file.ts";

/**
 * Delivers the handoffs and messages of an agent as root, to agents on this host and on other hosts. Two processes must not do this
 * for the same agent at the same time, because one process could deliver a handoff that the other process withdraws.
 */
export async function runCourier(host: Host, source: string): Promise<void> {
  const routes = readRoutes(ROUTES_FILE);
  if (!Object.values(routes.users).includes(source)) return saveWaiting(host, source, NOTHING_WAITS);
  // After the move, the new host delivers the handoffs.
  if (readMark(host, source) !== undefined) return;
  const peers = peerConnections(host, routes.tenants?.[source] ?? "");
  try {
    const courier = courierOn(host, source, routes, peers);
    await deliverHandoffs(courier, { name: source, formerly: formerNames(routes, source) });
    await deliverMessages(courier);
  } catch (error) {
    // The queue of the source cannot be read, so only the last known state can be reported.
    const before = readWaiting(host, source);
    const failed = before && { ...before, attempts: before.attempts + 1, error: reasonOf(error) };
    if (failed !== undefined) saveWaiting(host, source, failed);
  } finally {
    peers.close();
  }
}

function courierOn(
  host: Host,
  source: string,
  routes: HostRoutes,
  peers: PeerConnections,
): Courier & MessageCourier {
  const accounts = readAccounts(host.paths.etc).users;
  const { renamed = {}, elsewhere = {} } = routes;
  const own = Object.entries(routes.users).filter(([, agent]) => isSameTenant(routes, source, agent));
  const users = new Map(own.map(([user, agent]) => [agent, user]));
  const remote = new Map(Object.entries(elsewhere).filter(([agent]) => isSameTenant(routes, source, agent)));
  const save = (waiting: WaitingHandoffs) => saveWaiting(host, source, waiting);
  const run: Courier["run"] = async (agent, step, input) => {
    const peer = step === "in" ? remote.get(agent) : undefined;
    if (peer !== undefined) {
      const { handoffs } = input as InRequest;
      return peers.ask(peer, { op: "handoffs", source, target: agent, handoffs });
    }
    const account = accounts.get(users.get(agent) ?? "");
    if (account === undefined) throw new Error(`${agent} is not on this host`);
    return step === "in"
      ? receiveAs(host, account, agent, input as InRequest)
      : runStepAs(host, account, step, agent, input);
  };
  return {
    nameNow: (name) => [name, renamed[name] ?? ""].find((one) => users.has(one) || remote.has(one)),
    ...{ run, save },
    next: () => run(source, "messages"),
    type: (target, message) => {
      const peer = remote.get(target);
      if (peer !== undefined) return peers.ask(peer, { op: "message", source, target, message });
      return typeForAgent(host, { agent: source }, target, message);
    },
    settle: async (outcomes) => save(parseWaiting(await run(source, "verdicts", outcomes))),
  };
}
