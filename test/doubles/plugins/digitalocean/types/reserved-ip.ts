import { randomBytes } from "node:crypto";
import { isIPv4 } from "node:net";
import type { Bridged } from "../../serve/bridge.ts";
import { type Call, PartialError } from "../../serve/plugin.ts";
import { isMap, type Json, type Properties } from "../../serve/values.ts";
import type { Api } from "../api.ts";
import { unlessGone, withStepName } from "../steps.ts";
import { FOR_EVENTS, waitFor } from "../wait-for-state.ts";

const path = (ip: Json) => `/v2/reserved_ips/${ip}`;

/**
 * Returns the resource type `digitalocean:index/reservedIp:ReservedIp`, modelled on the vendor's
 * resource_reserved_ip.go.
 */
export function reservedIpType(api: Api): Bridged {
  return {
    fields: {
      region: { required: true, forceNew: true, stored: (value) => String(value).toLowerCase() },
      dropletId: {},
      ipAddress: { computed: true, refuse: unlessAddress },
    },
    outputs: ["reservedIpUrn"],
    create: async (inputs, call) => {
      const body = { region: inputs["region"] };
      const answer = await withStepName("Error creating reserved IP", api.post("/v2/reserved_ips", body));
      const made = madeOf(answer, inputs);
      try {
        if (inputs["dropletId"]) {
          await eventsEnded(api, Number(inputs["dropletId"]), call);
          await assign(api, made.id, Number(inputs["dropletId"]), call);
        }
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
      if (inputs["dropletId"] !== state["dropletId"]) {
        if (inputs["dropletId"]) {
          await eventsEnded(api, Number(inputs["dropletId"]), call);
          await assign(api, id, Number(inputs["dropletId"]), call);
        } else await unassign(api, id, call);
      }
      return madeOf(await api.get(path(id)), inputs).state;
    },
    delete: async (id, state, call) => {
      if (state["dropletId"]) await unlessUnassigned(unassign(api, id, call));
      await withStepName("Error deleting reserved IP", api.delete(path(id)));
    },
  };
}

/** Returns the resource type `digitalocean:index/reservedIpAssignment:ReservedIpAssignment`. */
export function reservedIpAssignmentType(api: Api): Bridged {
  const holder = async (ip: Json): Promise<Json> => {
    const answer = await withStepName("Error retrieving reserved IP", api.get(path(ip)));
    const { droplet } = answer["reserved_ip"] as { droplet: Properties | null };
    return droplet?.["id"];
  };
  return {
    fields: {
      ipAddress: { required: true, forceNew: true, refuse: unlessAddress },
      dropletId: { required: true, forceNew: true, nonZero: true },
    },
    outputs: [],
    create: async (inputs, call) => {
      await assign(api, inputs["ipAddress"], Number(inputs["dropletId"]), call);
      return { id: uniqueId(inputs), state: inputs };
    },
    read: async (id, state) => {
      // The ID of an import has the address and the droplet: `address,droplet`.
      const [ipAddress, droplet] = id.split(",");
      const isImport = droplet !== undefined;
      const named = isImport ? { ipAddress, dropletId: Number(droplet) } : state;
      if ((await holder(named["ipAddress"])) !== named["dropletId"]) return undefined;
      return { id: isImport ? uniqueId(named) : id, state: named };
    },
    delete: async (_id, state, call) => {
      const at = await holder(state["ipAddress"]);
      // The vendor's plugin reads the ID of the droplet without a check, and crashes if there is no droplet.
      if (at === undefined)
        throw new Error("panic: runtime error: invalid memory address or nil pointer dereference");
      if (at === state["dropletId"]) await unassign(api, state["ipAddress"], call);
    },
  };
}

function uniqueId({ dropletId, ipAddress }: Properties): string {
  return `${dropletId}-${ipAddress}-${randomBytes(13).toString("hex")}`;
}

function unlessAddress(value: Json): string | undefined {
  return isIPv4(String(value)) ? undefined : `to contain a valid IPv4 address, got: ${value}`;
}

/** Waits until a droplet has no other event. Only the type ReservedIp does this. */
async function eventsEnded(api: Api, dropletId: number, call: Call): Promise<void> {
  await withStepName(
    `Error waiting for droplet (${dropletId}) to be ready for reserved IP assign`,
    waitFor({
      target: "ready",
      pending: ["waiting"],
      timeout: 120,
      ...FOR_EVENTS,
      signal: call.signal,
      poll: async () => {
        const actions = await api.all(`/v2/droplets/${dropletId}/actions`, "actions");
        return actions.some(({ status }) => status === "in-progress") ? "waiting" : "ready";
      },
    }),
  );
}

async function assign(api: Api, ip: Json, dropletId: number, call: Call): Promise<void> {
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

/** Ignores the error that an address is not assigned, because this is already the wanted state. */
async function unlessUnassigned(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if ((error as { status?: number }).status !== 422) throw error;
  }
}

/**
 * Returns the state of an assignment. The droplet is part of the state only if the program declares the droplet, or if
 * the resource is imported. An unassigned address keeps its droplet in the state, so no refresh detects that the
 * address was unassigned.
 */
function madeOf(answer: Properties, declared: Properties) {
  const one = answer["reserved_ip"] as Properties;
  const droplet = one["droplet"] ?? null;
  const isImport = Object.keys(declared).length === 0;
  const kept = declared["dropletId"] ? { dropletId: declared["dropletId"] } : {};
  const dropletId =
    (isImport || declared["dropletId"]) && isMap(droplet) ? { dropletId: droplet["id"] } : kept;
  const state = {
    region: (one["region"] as Properties)["slug"],
    ipAddress: one["ip"],
    reservedIpUrn: `do:reservedip:${one["ip"]}`,
    ...dropletId,
  };
  return { id: String(one["ip"]), state };
}
