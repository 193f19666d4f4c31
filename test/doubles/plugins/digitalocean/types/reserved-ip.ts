import { randomBytes } from "node:crypto";
import type { Bridged } from "../../serve/bridge.ts";
import { type Call, PartialError } from "../../serve/plugin.ts";
import { isMap, type Json, type Properties } from "../../serve/values.ts";
import type { Api } from "../api.ts";
import { unlessGone, withStepName } from "../steps.ts";
import { waitFor } from "../wait-for-state.ts";

const path = (ip: Json) => `/v2/reserved_ips/${ip}`;

/** `digitalocean:index/reservedIp:ReservedIp`, after the vendor's resource_reserved_ip.go. */
export function reservedIpType(api: Api): Bridged {
  return {
    fields: {
      region: { required: true, forceNew: true, stored: (value) => String(value).toLowerCase() },
      dropletId: {},
      ipAddress: { computed: true },
    },
    outputs: ["reservedIpUrn"],
    create: async (inputs, call) => {
      const body = { region: inputs["region"] };
      const answer = await withStepName("Error creating reserved IP", api.post("/v2/reserved_ips", body));
      const made = madeOf(answer, inputs);
      if (!inputs["dropletId"]) return made;
      try {
        await assign(api, made.id, Number(inputs["dropletId"]), call);
        return madeOf(await api.get(path(made.id)), inputs);
      } catch (error) {
        throw new PartialError(made, (error as Error).message);
      }
    },
    read: async (id, state) => {
      const answer = await unlessGone("Error retrieving reserved IP", api.get(path(id)));
      return answer && madeOf(answer, state);
    },
    update: async (id, state, inputs, call) => {
      if (inputs["dropletId"]) await assign(api, id, Number(inputs["dropletId"]), call);
      else if (state["dropletId"]) await unassign(api, id, call);
      return madeOf(await api.get(path(id)), inputs).state;
    },
    delete: async (id, state, call) => {
      if (state["dropletId"]) await unlessUnassigned(unassign(api, id, call));
      await withStepName("Error deleting reserved IP", api.delete(path(id)));
    },
  };
}

/** `digitalocean:index/reservedIpAssignment:ReservedIpAssignment`. */
export function reservedIpAssignmentType(api: Api): Bridged {
  const holder = async (ip: Json): Promise<Json> => {
    const answer = await withStepName("Error retrieving reserved IP", api.get(path(ip)));
    const { droplet } = answer["reserved_ip"] as { droplet: Properties | null };
    return droplet?.["id"];
  };
  return {
    fields: {
      ipAddress: { required: true, forceNew: true },
      dropletId: { required: true, forceNew: true },
    },
    outputs: [],
    create: async (inputs, call) => {
      await assign(api, inputs["ipAddress"], Number(inputs["dropletId"]), call);
      const id = `${inputs["dropletId"]}-${inputs["ipAddress"]}-${randomBytes(13).toString("hex")}`;
      return { id, state: inputs };
    },
    read: async (id, state) => {
      // The ID of an import has both: `address,droplet`.
      const [ipAddress, droplet] = id.split(",");
      const named = droplet === undefined ? state : { ipAddress, dropletId: Number(droplet) };
      const holds = (await holder(named["ipAddress"])) === named["dropletId"];
      return holds ? { id, state: named } : undefined;
    },
    delete: async (_id, state, call) => {
      if ((await holder(state["ipAddress"])) === state["dropletId"])
        await unassign(api, state["ipAddress"], call);
    },
  };
}

async function assign(api: Api, ip: Json, dropletId: number, call: Call): Promise<void> {
  await withStepName(
    `Error waiting for droplet (${dropletId}) to be ready for reserved IP assign`,
    waitFor({
      target: "ready",
      pending: ["waiting"],
      timeout: 120,
      signal: call.signal,
      poll: async () => {
        const actions = await api.all(`/v2/droplets/${dropletId}/actions`, "actions");
        return actions.some(({ status }) => status === "in-progress") ? "waiting" : "ready";
      },
    }),
  );
  const body = { type: "assign", droplet_id: dropletId };
  await act(api, ip, body, `Error Assigning reserved IP (${ip}) to the Droplet`, call);
}

function unassign(api: Api, ip: Json, call: Call): Promise<void> {
  return act(api, ip, { type: "unassign" }, `Error unassigning reserved IP (${ip}) from the droplet`, call);
}

async function act(api: Api, ip: Json, body: Properties, words: string, call: Call): Promise<void> {
  const { action } = await withStepName(words, api.post(`${path(ip)}/actions`, body));
  const { id } = action as Properties;
  const poll = async () => {
    const answer = await api.get(`${path(ip)}/actions/${id}`);
    return String((answer["action"] as Properties)["status"]);
  };
  const wait = {
    target: "completed",
    pending: ["new", "in-progress"],
    timeout: 3600,
    signal: call.signal,
    poll,
  };
  await withStepName(words, waitFor(wait));
}

/** An address that is not assigned any longer is already as wanted. */
async function unlessUnassigned(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if ((error as { status?: number }).status !== 422) throw error;
  }
}

/** The assignment is part of the state only if the program declares it, or for an import, which has no state. */
function madeOf(answer: Properties, declared: Properties) {
  const one = answer["reserved_ip"] as Properties;
  const droplet = one["droplet"] ?? null;
  const isImport = Object.keys(declared).length === 0;
  const dropletId = (isImport || declared["dropletId"]) && isMap(droplet) ? { dropletId: droplet["id"] } : {};
  const state = {
    region: (one["region"] as Properties)["slug"],
    ipAddress: one["ip"],
    reservedIpUrn: `do:reservedip:${one["ip"]}`,
    ...dropletId,
  };
  return { id: String(one["ip"]), state };
}
