import { createHash } from "node:crypto";
import type { Bridged } from "../../serve/bridge.ts";
import { type Call, PartialError } from "../../serve/plugin.ts";
import { isMap, type Json, type Properties } from "../../serve/values.ts";
import type { Api } from "../api.ts";
import { changed, filled, listOf, saying, setTags, TAGS, unlessGone } from "../steps.ts";
import { waitFor, waitForAction } from "../wait.ts";

/** Seconds that making, changing and deleting may take. */
const [CREATE, UPDATE, DELETE] = [3600, 3600, 60];

/** `digitalocean:index/droplet:Droplet`, after the vendor's resource_droplet.go. */
export function dropletType(api: Api): Bridged {
  return {
    fields: {
      image: { required: true, forceNew: true },
      name: { autoName: true },
      region: { computed: true, forceNew: true, stored: lower },
      size: { required: true, stored: lower },
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
      sshKeys: { set: true, forceNew: true },
      tags: TAGS,
      userData: { forceNew: true, stored: sha1 },
      volumeIds: { computed: true, set: true },
      vpcUuid: { computed: true, forceNew: true },
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
    update: (id, state, inputs, call) => update(api, id, state, inputs, call),
    delete: (id, state, call) => remove(api, id, state, call),
  };
}

const lower = (value: Json): Json => String(value).toLowerCase();

/** The state holds user_data as its digest. */
const sha1 = (value: Json): Json => createHash("sha1").update(String(value)).digest("hex");

export async function dropletOf(api: Api, id: string): Promise<Properties> {
  if (!/^\d+$/.test(id)) throw new Error(`invalid droplet id: strconv.Atoi: parsing "${id}": invalid syntax`);
  return (await api.get(`/v2/droplets/${id}`))["droplet"] as Properties;
}

async function create(api: Api, inputs: Properties, call: Call) {
  const body = filled({
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
  const answer = await saying("Error creating droplet", api.post("/v2/droplets", body));
  const id = String((answer["droplet"] as Properties)["id"]);
  const state = { ...inputs, userData: inputs["userData"] && sha1(inputs["userData"]) };
  try {
    const words = `Error waiting for droplet (${id}) to become ready`;
    const droplet = await saying(words, become(api, id, "status", "active", ["new"], call, CREATE));
    return { id, state: { ...state, ...attributes(droplet) } };
  } catch (error) {
    throw new PartialError({ id, state }, (error as Error).message);
  }
}

/** Waits until one of a droplet's attributes has a value. @returns the droplet as it then is */
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
    look: async () => {
      // One that is not seen yet may be seen later.
      const found = await unlessGone("Error retrieving droplet", dropletOf(api, id));
      droplet = found ?? {};
      return found === undefined ? undefined : String(attributes(found)[attribute]);
    },
  });
  return droplet;
}

async function update(
  api: Api,
  id: string,
  state: Properties,
  inputs: Properties,
  call: Call,
): Promise<Properties> {
  const act = async (words: string, body: Properties): Promise<void> => {
    const { action } = await saying(words, api.post(`/v2/droplets/${id}/actions`, body));
    await saying(words, waitForAction(api, action as Properties, call.signal, call.timeout ?? UPDATE));
  };
  if (inputs["size"] !== state["size"]) {
    if (state["status"] !== "off") await act(`Error powering off droplet (${id})`, { type: "power_off" });
    const resize = { type: "resize", size: inputs["size"], disk: inputs["resizeDisk"] !== false };
    try {
      await act(`Error resizing droplet (${id})`, resize);
    } finally {
      await act(`Error powering on droplet (${id}) after resize`, { type: "power_on" });
    }
  }
  if (inputs["name"] !== state["name"]) {
    await act(`Error renaming droplet (${id})`, { type: "rename", name: inputs["name"] });
  }
  if ((inputs["backups"] === true) !== (state["backups"] === true)) {
    const [type, words] = inputs["backups"]
      ? ["enable_backups", "enabling"]
      : ["disable_backups", "disabling"];
    await act(`Error ${words} backups on droplet (${id})`, { type });
  }
  if (inputs["ipv6"] === true && state["ipv6"] !== true) {
    await act(`Error turning on ipv6 for droplet (${id})`, { type: "enable_ipv6" });
  }
  const tagged = { id, type: "droplet" } as const;
  await saying("Error updating tags", setTags(api, tagged, state["tags"], inputs["tags"]));
  await moveVolumes(api, id, state["volumeIds"], inputs["volumeIds"] ?? state["volumeIds"], call);
  const droplet = await saying("Error retrieving droplet", dropletOf(api, id));
  const own = { ...inputs, userData: state["userData"] };
  return { ...state, ...own, ...attributes(droplet) };
}

async function moveVolumes(api: Api, id: string, before: Json, after: Json, call: Call): Promise<void> {
  const { added, removed } = changed(before, after);
  for (const [volume, type] of [
    ...added.map((one) => [one, "attach"]),
    ...removed.map((one) => [one, "detach"]),
  ]) {
    const words = `Error ${type}ing volume "${volume}" ${type === "attach" ? "to" : "from"} droplet (${id})`;
    const body = { type, droplet_id: Number(id) };
    const { action } = await saying(words, api.post(`/v2/volumes/${volume}/actions`, body));
    await saying(words, waitForAction(api, action as Properties, call.signal));
  }
}

async function remove(api: Api, id: string, state: Properties, call: Call): Promise<void> {
  const droplet = await unlessGone("Error deleting droplet", dropletOf(api, id));
  if (droplet === undefined) return;
  if (state["gracefulShutdown"] === true && droplet["status"] === "active") {
    await saying(
      `Error shutting down the the droplet (${id})`,
      api.post(`/v2/droplets/${id}/actions`, { type: "shutdown" }),
    );
    await become(api, id, "status", "off", ["active"], call, DELETE);
  }
  await moveVolumes(api, id, droplet["volume_ids"], [], call);
  if ((await unlessGone("Error deleting droplet", api.delete(`/v2/droplets/${id}`))) === undefined) return;
  await saying(
    "Error deleting droplet",
    waitFor({
      target: "Not Found",
      pending: ["new", "active", "off"],
      timeout: call.timeout ?? DELETE,
      signal: call.signal,
      look: async () => {
        const left = await unlessGone("Error retrieving droplet", dropletOf(api, id));
        return left === undefined ? "Not Found" : String(left["status"]);
      },
    }),
  );
}

/** What the API says of a droplet, by the plugin's names. The image is left out: a slug may move on. */
export function attributes(droplet: Properties): Properties {
  const size = droplet["size"] as Properties;
  const { v4, v6 } = droplet["networks"] as { v4: Properties[]; v6: Properties[] };
  const address = (all: readonly Properties[], type: string) =>
    String(all.find((one) => one["type"] === type)?.["ip_address"] ?? "");
  const features = listOf(droplet["features"]);
  return {
    name: droplet["name"],
    dropletUrn: `do:droplet:${droplet["id"]}`,
    region: (droplet["region"] as Properties)["slug"],
    size: size["slug"],
    priceHourly: size["price_hourly"],
    priceMonthly: size["price_monthly"],
    disk: droplet["disk"],
    vcpus: droplet["vcpus"],
    memory: droplet["memory"],
    status: droplet["status"],
    locked: droplet["locked"],
    createdAt: droplet["created_at"],
    vpcUuid: droplet["vpc_uuid"],
    ipv4Address: address(v4, "public"),
    ipv4AddressPrivate: address(v4, "private"),
    ipv6Address: address(v6, "public"),
    publicNetworking: address(v4, "public") !== "",
    backups: features.includes("backups"),
    ipv6: features.includes("ipv6"),
    privateNetworking: features.includes("private_networking"),
    monitoring: features.includes("monitoring"),
    volumeIds: droplet["volume_ids"],
    tags: droplet["tags"],
  };
}

/** An import alone takes the image from the API. */
function imageOf(droplet: Properties): Json {
  const image = droplet["image"];
  if (!isMap(image)) return undefined;
  return image["slug"] || String(image["id"]);
}

/** Digits name a thing by its number, all else by its slug or fingerprint. */
function numberOr(value: Json): Json {
  return /^\d+$/.test(String(value)) ? Number(value) : value;
}
