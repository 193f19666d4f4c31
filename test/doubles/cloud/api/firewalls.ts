import { randomUUID } from "node:crypto";
import {
  accepted,
  type Context,
  list,
  noContent,
  ok,
  type Routes,
  visible,
  visibleFromNow,
} from "../context.ts";
import { existing, type Firewall, type InboundRule, type OutboundRule, type Peers } from "../data.ts";
import { ApiError, notFound, unprocessable } from "../error.ts";
import { array, createTags, isTaken, numbers, requiredText, texts } from "./body-fields.ts";
import { findDroplet } from "./find-resource.ts";

/** Returns the routes of firewalls. The rules are stored and returned, but they do not filter the hosts' traffic. */
export function firewallRoutes(context: Context): Routes {
  const { store, settings } = context;
  const { data } = store;
  const find = (id: string | undefined): Firewall => {
    const found = visible(data.firewalls).find((firewall) => firewall.id === id);
    if (found === undefined) throw notFound();
    return found;
  };
  const declared = (body: Body) => ({
    ...rulesOf(body, true),
    dropletIds: numbers(body, "droplet_ids").map((id) => findDroplet(context, id).id),
    tags: createTags(data.tags, texts(body, "tags")),
  });
  /**
   * Returns the routes of one kind of member. POST adds the members that the body names to a firewall, and DELETE
   * removes them.
   */
  const member = (what: "droplets" | "tags" | "rules"): Routes => {
    const path = `/v2/firewalls/:id/${what}`;
    return {
      [`POST ${path}`]: ({ params, body }) => {
        const firewall = find(params["id"]);
        firewall.dropletIds = union(firewall.dropletIds, numbers(body, "droplet_ids"));
        firewall.tags = union(firewall.tags, createTags(data.tags, texts(body, "tags")));
        const { inbound, outbound } = rulesOf(body, false);
        firewall.inbound = union(firewall.inbound, inbound);
        firewall.outbound = union(firewall.outbound, outbound);
        return noContent;
      },
      [`DELETE ${path}`]: ({ params, body }) => {
        const firewall = find(params["id"]);
        firewall.dropletIds = without(firewall.dropletIds, numbers(body, "droplet_ids"));
        firewall.tags = without(firewall.tags, createTags(data.tags, texts(body, "tags")));
        const { inbound, outbound } = rulesOf(body, false);
        firewall.inbound = without(firewall.inbound, inbound);
        firewall.outbound = without(firewall.outbound, outbound);
        return noContent;
      },
    };
  };
  return {
    "GET /v2/firewalls": () => list("firewalls", visible(data.firewalls).map(shownFirewall)),
    "POST /v2/firewalls": ({ body }) => {
      const name = requiredText(body, "name");
      if (isTaken(data.firewalls, name)) throw new ApiError(409, "conflict", "duplicate name");
      const own = {
        id: randomUUID(),
        name,
        createdAt: new Date().toISOString(),
        ...visibleFromNow(settings),
      };
      const firewall: Firewall = { ...own, ...declared(body) };
      data.firewalls.push(firewall);
      return accepted({ firewall: shownFirewall(firewall) });
    },
    "GET /v2/firewalls/:id": ({ params }) => ok({ firewall: shownFirewall(find(params["id"])) }),
    "PUT /v2/firewalls/:id": ({ params, body }) => {
      const firewall = Object.assign(find(params["id"]), declared(body), {
        name: requiredText(body, "name"),
      });
      return ok({ firewall: shownFirewall(firewall) });
    },
    "DELETE /v2/firewalls/:id": ({ params }) => {
      find(params["id"]).goneAt = Date.now() + settings.lag;
      return noContent;
    },
    ...member("droplets"),
    ...member("tags"),
    ...member("rules"),
    "GET /v2/droplets/:id/firewalls": ({ params }) => {
      const { id, tags } = findDroplet(context, params["id"]);
      const over = existing(data.firewalls).filter(
        (one) => one.dropletIds.includes(id) || one.tags.some((tag) => tags.includes(tag)),
      );
      return list("firewalls", over.map(shownFirewall));
    },
  };
}

type Body = Readonly<Record<string, unknown>>;

const PROTOCOLS = ["tcp", "udp", "icmp"];

/** @param isComplete whether the body is a complete firewall, which needs at least one rule */
function rulesOf(body: Body, isComplete: boolean): { inbound: InboundRule[]; outbound: OutboundRule[] } {
  const inbound = array(body, "inbound_rules") as InboundRule[];
  const outbound = array(body, "outbound_rules") as OutboundRule[];
  if (isComplete && inbound.length + outbound.length === 0) {
    throw unprocessable("At least one rule must be specified");
  }
  return {
    inbound: inbound.map((rule) => ({ ...portsOf(rule), sources: peersOf(rule.sources) })),
    outbound: outbound.map((rule) => ({ ...portsOf(rule), destinations: peersOf(rule.destinations) })),
  };
}

/** Returns a rule's ports as the API shows them: `0` for all ports, and also for icmp, which has no ports. */
function portsOf({ protocol, ports }: { protocol: string; ports: string }): {
  protocol: string;
  ports: string;
} {
  if (!PROTOCOLS.includes(protocol)) throw unprocessable(`invalid protocol: ${protocol}`);
  if (protocol === "icmp") return { protocol, ports: "0" };
  if (!/^(?:\d{1,5}(?:-\d{1,5})?|all)$/.test(ports ?? "")) {
    throw unprocessable(`invalid ports: "${ports}" is not a valid port or port range`);
  }
  return { protocol, ports: ports === "all" ? "0" : ports };
}

/** Returns the sources or destinations of a rule, without empty fields. */
function peersOf(peers: Peers | undefined): Peers {
  const result = Object.entries(peers ?? {}).filter(([, value]) => Array.isArray(value) && value.length > 0);
  if (result.length === 0) throw unprocessable("a rule must have at least one source or destination");
  return Object.fromEntries(result) as Peers;
}

function union<T>(all: readonly T[], more: readonly T[]): T[] {
  return [...without(all, more), ...more];
}

function without<T>(all: readonly T[], some: readonly T[]): T[] {
  const out = new Set(some.map((one) => JSON.stringify(one)));
  return all.filter((one) => !out.has(JSON.stringify(one)));
}

export function shownFirewall(firewall: Firewall): object {
  return {
    id: firewall.id,
    name: firewall.name,
    status: "succeeded",
    created_at: firewall.createdAt,
    inbound_rules: firewall.inbound,
    outbound_rules: firewall.outbound,
    droplet_ids: firewall.dropletIds,
    tags: firewall.tags,
    pending_changes: [],
  };
}
