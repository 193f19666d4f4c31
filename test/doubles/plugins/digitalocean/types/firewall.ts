import type { Bridged } from "../../serve/bridge.ts";
import { isZero, type Json, type Properties } from "../../serve/values.ts";
import type { Api } from "../api.ts";
import { listOf, TAGS, unlessGone, withStepName } from "../steps.ts";

/** Returns the resource type `digitalocean:index/firewall:Firewall`, modelled on the vendor's resource_firewall.go. */
export function firewallType(api: Api): Bridged {
  const path = (id: string) => `/v2/firewalls/${id}`;
  return {
    fields: {
      name: { autoName: true },
      dropletIds: { set: true },
      inboundRules: { set: true },
      outboundRules: { set: true },
      tags: TAGS,
    },
    outputs: ["createdAt", "pendingChanges", "status"],
    refuse: (inputs) => {
      const [inbound, outbound] = [listOf(inputs["inboundRules"]), listOf(inputs["outboundRules"])];
      if (inbound.length + outbound.length === 0) return "At least one rule must be specified";
      const bad = (rules: readonly Json[]) =>
        (rules as readonly Properties[]).some(
          (rule) => rule["protocol"] !== "icmp" && isZero(rule["portRange"]),
        );
      if (bad(inbound)) return "`port_range` of inbound rules is required if protocol is `tcp` or `udp`";
      if (bad(outbound)) return "`port_range` of outbound rules is required if protocol is `tcp` or `udp`";
      return undefined;
    },
    create: async (inputs) => {
      const answer = await withStepName("Error creating firewall", api.post("/v2/firewalls", bodyOf(inputs)));
      return madeOf(answer);
    },
    read: async (id) => {
      const answer = await unlessGone("Error retrieving firewall", api.get(path(id)));
      return answer && madeOf(answer);
    },
    update: async (id, _state, inputs) => {
      const answer = await withStepName("Error updating firewall", api.put(path(id), bodyOf(inputs)));
      return madeOf(answer).state;
    },
    delete: async (id) => {
      await unlessGone("Error deleting firewall", api.delete(path(id)));
    },
  };
}

/** The names of a rule's peers in the API, and the suffixes after `source` or `destination` in the plugin. */
const PEERS: Readonly<Record<string, string>> = {
  addresses: "Addresses",
  droplet_ids: "DropletIds",
  load_balancer_uids: "LoadBalancerUids",
  kubernetes_ids: "KubernetesIds",
  tags: "Tags",
};

function bodyOf(inputs: Properties): Properties {
  const rules = (name: string, side: string) =>
    (listOf(inputs[name]) as readonly Properties[]).map((rule) => ({
      protocol: rule["protocol"],
      ports: rule["portRange"] ?? "",
      [`${side}s`]: peersTo(rule, side),
    }));
  return {
    name: inputs["name"],
    droplet_ids: listOf(inputs["dropletIds"]),
    inbound_rules: rules("inboundRules", "source"),
    outbound_rules: rules("outboundRules", "destination"),
    tags: listOf(inputs["tags"]),
  };
}

function peersTo(rule: Properties, side: string): Properties {
  const named = Object.entries(PEERS).map(([api, name]) => [api, rule[`${side}${name}`]] as const);
  return Object.fromEntries(named.filter(([, value]) => value !== undefined));
}

function madeOf(answer: Properties) {
  const firewall = answer["firewall"] as Properties;
  const rules = (name: string, side: string) =>
    (listOf(firewall[name]) as readonly Properties[]).map((rule) => ({
      protocol: rule["protocol"],
      ...portRangeOf(rule),
      ...peersFrom(rule[`${side}s`] as Properties, side),
    }));
  const state = {
    name: firewall["name"],
    status: firewall["status"],
    createdAt: firewall["created_at"],
    pendingChanges: [],
    dropletIds: firewall["droplet_ids"],
    inboundRules: rules("inbound_rules", "source"),
    outboundRules: rules("outbound_rules", "destination"),
    tags: firewall["tags"],
  };
  return { id: String(firewall["id"]), state };
}

/** Returns a rule's port range. The API returns the port 0 for all ports, and also for icmp, which has no ports. */
function portRangeOf({ protocol, ports }: Properties): Properties {
  if (ports !== "0") return { portRange: ports };
  return protocol === "icmp" ? {} : { portRange: "all" };
}

function peersFrom(peers: Properties, side: string): Properties {
  return Object.fromEntries(
    Object.entries(PEERS)
      .filter(([api]) => peers[api] !== undefined)
      .map(([api, name]) => [`${side}${name}`, peers[api]]),
  );
}
