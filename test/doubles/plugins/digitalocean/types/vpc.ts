import { setTimeout as sleep } from "node:timers/promises";
import type { Bridged } from "../../serve/bridge.ts";
import type { Properties } from "../../serve/values.ts";
import type { Api } from "../api.ts";
import { nonEmpty, unlessGone, withStepName } from "../steps.ts";

/** The maximum wait until a VPC has no members, in seconds. */
const DELETE = 120;

/** Returns the resource type `digitalocean:index/vpc:Vpc`, modelled on the vendor's resource_vpc.go. */
export function vpcType(api: Api): Bridged {
  const path = (id: string) => `/v2/vpcs/${id}`;
  return {
    fields: {
      name: { autoName: true },
      region: { required: true, forceNew: true },
      description: {},
      ipRange: { computed: true, forceNew: true },
    },
    outputs: ["createdAt", "default", "vpcUrn"],
    create: async ({ name, region, description, ipRange }) => {
      const body = nonEmpty({ name, region, description, ip_range: ipRange });
      return madeOf(await withStepName("Error creating VPC", api.post("/v2/vpcs", body)));
    },
    read: async (id) => {
      const answer = await unlessGone("Error reading VPC", api.get(path(id)));
      return answer && madeOf(answer);
    },
    update: async (id, _state, { name, description }) => {
      const body = { name, description: description ?? "" };
      return madeOf(await withStepName("Error updating VPC ", api.put(path(id), body))).state;
    },
    delete: async (id, _state, call) => {
      for (const end = Date.now() + (call.timeout ?? DELETE) * 1000; ; await sleep(100)) {
        try {
          return void (await api.delete(path(id)));
        } catch (error) {
          const { status } = error as { status?: number };
          if (status === 404) return;
          if ((status !== 403 && status !== 409) || Date.now() > end) throw error;
        }
      }
    },
  };
}

function madeOf(answer: Properties) {
  const vpc = answer["vpc"] as Properties;
  const state = {
    name: vpc["name"],
    region: vpc["region"],
    description: vpc["description"],
    ipRange: vpc["ip_range"],
    vpcUrn: vpc["urn"],
    default: vpc["default"],
    createdAt: vpc["created_at"],
  };
  return { id: String(vpc["id"]), state };
}
