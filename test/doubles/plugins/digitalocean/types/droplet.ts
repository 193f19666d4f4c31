import { createHash } from "node:crypto";
import type { Bridged } from "../../serve/bridge.ts";
import { type Call, PartialError } from "../../serve/plugin.ts";
import type { Json, Properties } from "../../serve/values.ts";
import type { Api } from "../api.ts";
import { attributes, dropletOf, imageOf } from "../droplet-attributes.ts";
import { listOf, nonEmpty, TAGS, unlessGone, withStepName } from "../steps.ts";
import { waitFor } from "../wait-for-state.ts";
import { moveVolumes, updateDroplet } from "./droplet-update.ts";

/** The maximum durations of a creation and a deletion, in seconds. */
const [CREATE, DELETE] = [3600, 60];

/** Returns the resource type `digitalocean:index/droplet:Droplet`, modelled on the vendor's resource_droplet.go. */
export function dropletType(api: Api): Bridged {
  return {
    fields: {
      image: { required: true, forceNew: true, nonZero: true },
      name: { autoName: true, nonZero: true },
      region: { computed: true, forceNew: true, stored: lower, nonZero: true },
      size: { required: true, stored: lower, nonZero: true },
      backups: { default: false },
      backupPolicy: {},
      dropletAgent: { forceNew: true },
      gpuPartitionMode: { forceNew: true },
      gracefulShutdown: { default: false },
      ipv6: { default: false, forceNew: (old, now) => old === true && now !== true },
      ipv6Address: { computed: true },
      monitoring: { default: false, forceNew: true },
      privateNetworking: { computed: true },
      publicNetworking: { computed: true, forceNew: true },
      resizeDisk: { default: true },
      sshKeys: { set: true, forceNew: true, refuse: emptyMember },
      tags: TAGS,
      userData: { forceNew: true, stored: sha1, nonZero: true },
      volumeIds: { computed: true, set: true },
      vpcUuid: { computed: true, forceNew: true, nonZero: true },
    },
    outputs: [
      ...["createdAt", "disk", "dropletUrn", "ipv4Address", "ipv4AddressPrivate", "locked", "memory"],
      ...["priceHourly", "priceMonthly", "status", "vcpus"],
    ],
    create: (inputs, call) => create(api, inputs, call),
    read: async (id, state) => {
      const droplet = await unlessGone("Error retrieving droplet", dropletOf(api, id));
      if (droplet === undefined) return undefined;
      const imported = state["image"] === undefined ? { image: imageOf(droplet), resizeDisk: true } : {};
      return { id, state: { ...state, ...imported, ...attributes(droplet) } };
    },
    update: (id, state, inputs, call) => updateDroplet(api, id, state, inputs, call),
    delete: (id, state, call) => remove(api, id, state, call),
  };
}

function emptyMember(value: Json): string | undefined {
  return listOf(value).includes("") ? 'to have no empty member, got ""' : undefined;
}

const lower = (value: Json): Json => String(value).toLowerCase();

/** Returns the digest of user_data. The state contains only this digest. */
const sha1 = (value: Json): Json => createHash("sha1").update(String(value)).digest("hex");

async function create(api: Api, inputs: Properties, call: Call) {
  const body = nonEmpty({
    name: inputs["name"],
    region: inputs["region"],
    size: inputs["size"],
    image: numberOr(inputs["image"]),
    ssh_keys: listOf(inputs["sshKeys"]).map(numberOr),
    backups: inputs["backups"],
    ipv6: inputs["ipv6"],
    monitoring: inputs["monitoring"],
    user_data: inputs["userData"],
    vpc_uuid: inputs["vpcUuid"],
    with_droplet_agent: inputs["dropletAgent"],
    volumes: listOf(inputs["volumeIds"]),
    tags: listOf(inputs["tags"]),
  });
  const answer = await withStepName("Error creating droplet", api.post("/v2/droplets", body));
  const id = String((answer["droplet"] as Properties)["id"]);
  const state = { ...inputs, userData: inputs["userData"] && sha1(inputs["userData"]) };
  try {
    const words = `Error waiting for droplet (${id}) to become ready`;
    const droplet = await withStepName(words, become(api, id, "status", "active", ["new"], call, CREATE));
    return { id, state: { ...state, ...attributes(droplet) } };
  } catch (error) {
    throw new PartialError({ id, state }, (error as Error).message);
  }
}

/**
 * Waits until an attribute of a droplet has a value.
 *
 * @returns the droplet with that value
 */
async function become(
  api: Api,
  id: string,
  attribute: string,
  target: string,
  pending: readonly string[],
  call: Call,
  usual: number,
): Promise<Properties> {
  let droplet: Properties = {};
  await waitFor({
    target,
    pending,
    timeout: call.timeout ?? usual,
    signal: call.signal,
    poll: async () => {
      // A new droplet might become visible only later.
      const found = await unlessGone("Error retrieving droplet", dropletOf(api, id));
      droplet = found ?? {};
      return found === undefined ? undefined : String(attributes(found)[attribute]);
    },
  });
  return droplet;
}

async function remove(api: Api, id: string, state: Properties, call: Call): Promise<void> {
  // For a droplet that has already been deleted, the vendor's first wait ends with an error.
  let droplet: Properties = {};
  await withStepName(
    `Error waiting for droplet to be unlocked for destroy (${id})`,
    waitFor({
      ...{ target: "false", pending: ["true"], timeout: call.timeout ?? DELETE, signal: call.signal },
      poll: async () => {
        const found = await unlessGone("Error retrieving droplet", dropletOf(api, id));
        if (found === undefined) return "Not Found";
        droplet = found;
        return String(found["locked"]);
      },
    }),
  );
  if (state["gracefulShutdown"] === true && droplet["status"] === "active") {
    await withStepName(
      `Error shutting down the the droplet (${id})`,
      api.post(`/v2/droplets/${id}/actions`, { type: "shutdown" }),
    );
    await become(api, id, "status", "off", ["active"], call, DELETE);
  }
  await moveVolumes(api, id, droplet["volume_ids"], [], call);
  if ((await unlessGone("Error deleting droplet", api.delete(`/v2/droplets/${id}`))) === undefined) return;
  await withStepName(
    "Error deleting droplet",
    waitFor({
      target: "Not Found",
      pending: ["new", "active", "off"],
      timeout: call.timeout ?? DELETE,
      signal: call.signal,
      poll: async () => {
        const left = await unlessGone("Error retrieving droplet", dropletOf(api, id));
        return left === undefined ? "Not Found" : String(left["status"]);
      },
    }),
  );
}

/** Returns an ID as a number, and a slug or a fingerprint as text, as the API expects. */
function numberOr(value: Json): Json {
  return /^\d+$/.test(String(value)) ? Number(value) : value;
}
