import type { Call } from "../../serve/plugin.ts";
import type { Json, Properties } from "../../serve/values.ts";
import type { Api } from "../api.ts";
import { attributes, dropletOf } from "../droplet-attributes.ts";
import { changed, setTags, withStepName } from "../steps.ts";
import { waitForAction } from "../wait-for-state.ts";

/** The maximum duration of each step of a change, in seconds. */
const UPDATE = 3600;

/** Changes a droplet in place, step by step, in the vendor's order. */
export async function updateDroplet(
  api: Api,
  id: string,
  state: Properties,
  inputs: Properties,
  call: Call,
): Promise<Properties> {
  const act = async (words: string, body: Properties): Promise<void> => {
    const { action } = await withStepName(words, api.post(`/v2/droplets/${id}/actions`, body));
    await withStepName(words, waitForAction(api, action as Properties, call.signal, call.timeout ?? UPDATE));
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
  await withStepName("Error updating tags", setTags(api, tagged, state["tags"], inputs["tags"]));
  await moveVolumes(api, id, state["volumeIds"], inputs["volumeIds"] ?? state["volumeIds"], call);
  const droplet = await withStepName("Error retrieving droplet", dropletOf(api, id));
  const own = { ...inputs, userData: state["userData"] };
  return { ...state, ...own, ...attributes(droplet) };
}

/** Detaches the old volumes from a droplet, and attaches the new volumes. */
export async function moveVolumes(
  api: Api,
  id: string,
  before: Json,
  after: Json,
  call: Call,
): Promise<void> {
  const { added, removed } = changed(before, after);
  for (const [volume, type] of [
    ...added.map((one) => [one, "attach"]),
    ...removed.map((one) => [one, "detach"]),
  ]) {
    const words = `Error ${type}ing volume "${volume}" ${type === "attach" ? "to" : "from"} droplet (${id})`;
    const body = { type, droplet_id: Number(id) };
    const { action } = await withStepName(words, api.post(`/v2/volumes/${volume}/actions`, body));
    await withStepName(words, waitForAction(api, action as Properties, call.signal));
  }
}
