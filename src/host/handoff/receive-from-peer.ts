import type { HostRoutes } from "../../model/routes.ts";
import type { InRequest } from "./handoff-step.ts";
import { BATCH, type Handoff, parseHandoffs } from "./handoff-store.ts";
import { isMessage, type OutMessage } from "./message-outbox.ts";

/** A request to the inbox of another host. */
export type PeerRequest = {
  /** The agent on the sending host. */
  readonly source: string;
  /** The agent on the receiving host. */
  readonly target: string;
} & (
  | { readonly op: "handoffs"; readonly handoffs: readonly Handoff[] }
  | { readonly op: "message"; readonly message: OutMessage }
);

/** A tenant on another host, as the key of the connection proves it. */
export interface Sender {
  readonly host: string;
  readonly tenant: string;
}

/** What a request can do on this host. */
export interface PeerActions {
  /** Adds handoffs to the queue of an agent on this host. */
  receive(target: string, request: InRequest): Promise<unknown>;
  /** Types a message at the prompt of an agent on this host. @param source an agent on the sending host */
  type(target: string, source: string, message: OutMessage): Promise<unknown>;
}

type Fields = Readonly<Partial<Record<"op" | "source" | "target" | "handoffs" | "message", unknown>>>;

/**
 * Answers a request of another host. The other host can send anything, so this function decides from the file with this
 * host's routes for which agents the sender can speak, and which agents it can reach.
 *
 * @throws Error with the reason if the request is refused
 */
export async function receiveFromPeer(
  routes: HostRoutes,
  sender: Sender,
  request: unknown,
  actions: PeerActions,
): Promise<unknown> {
  const { op, source, target, handoffs, message } = (request ?? {}) as Fields;
  const isKnown = op === "handoffs" || (op === "message" && isMessage(message));
  if (!isKnown || typeof source !== "string" || typeof target !== "string")
    throw new Error("the request is invalid, or this host has another version of Muster");
  const from = currentName(routes, source);
  if (routes.elsewhere?.[from] !== sender.host || routes.tenants?.[from] !== sender.tenant)
    throw new Error(`according to this host, ${sender.tenant} has no agent ${source} on ${sender.host}`);
  const to = currentName(routes, target);
  const isHere = Object.values(routes.users).includes(to) && routes.tenants?.[to] === sender.tenant;
  if (!isHere) throw new Error(`${sender.tenant} has no agent ${target} on this host`);
  if (op === "message") return actions.type(to, from, message as OutMessage);
  const sent = parseHandoffs({ handoffs });
  if (sent.length > BATCH.most) throw new Error(`it has sent more than ${BATCH.most} handoffs at once`);
  const names = new Set([source, ...formerNames(routes, from)]);
  names.delete(from);
  return actions.receive(to, { source: { name: from, formerly: [...names] }, handoffs: sent });
}

/** Returns the current name of an agent that may have been renamed. */
function currentName({ users, elsewhere = {}, renamed = {} }: HostRoutes, name: string): string {
  const isCurrent = Object.values(users).includes(name) || Object.hasOwn(elsewhere, name);
  return isCurrent || !Object.hasOwn(renamed, name) ? name : (renamed[name] ?? name);
}

/** Returns the former names of an agent. */
export function formerNames({ renamed = {} }: HostRoutes, agent: string): string[] {
  return Object.keys(renamed).filter((name) => renamed[name] === agent);
}
