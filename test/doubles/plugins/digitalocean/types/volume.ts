import { randomBytes } from "node:crypto";
import type { Bridged } from "../../serve/bridge.ts";
import type { Call } from "../../serve/plugin.ts";
import { isZero, type Json, type Properties } from "../../serve/values.ts";
import type { Api } from "../api.ts";
import { listOf, nonEmpty, setTags, TAGS, unlessGone, withStepName } from "../steps.ts";
import { waitForAction } from "../wait-for-state.ts";

const path = (id: Json) => `/v2/volumes/${id}`;

/** Returns the resource type `digitalocean:index/volume:Volume`, modelled on the vendor's resource_volume.go. */
export function volumeType(api: Api): Bridged {
  return {
    fields: {
      region: { required: true, forceNew: true, stored: (value) => String(value).toLowerCase() },
      name: { autoName: true, forceNew: true, nonZero: true },
      size: { required: true },
      description: { forceNew: true, nonZero: true },
      snapshotId: { forceNew: true },
      initialFilesystemType: { forceNew: true },
      initialFilesystemLabel: { forceNew: true },
      filesystemType: { computed: true },
      tags: TAGS,
    },
    outputs: ["dropletIds", "filesystemLabel", "volumeUrn"],
    refuse: (inputs, state) => {
      const shrinks = Number(inputs["size"]) < Number(state?.["size"] ?? 0);
      return shrinks ? "volumes `size` can only be expanded and not shrunk" : undefined;
    },
    create: async (inputs) => {
      const body = nonEmpty({
        name: inputs["name"],
        region: inputs["region"],
        size_gigabytes: inputs["size"],
        description: inputs["description"],
        snapshot_id: inputs["snapshotId"],
        filesystem_type: inputs["initialFilesystemType"] ?? inputs["filesystemType"],
        filesystem_label: inputs["initialFilesystemLabel"],
        tags: listOf(inputs["tags"]),
      });
      return madeOf(await withStepName("Error creating Volume", api.post("/v2/volumes", body)), inputs);
    },
    read: async (id, state) => {
      const answer = await unlessGone("Error retrieving volume", api.get(path(id)));
      return answer && madeOf(answer, state);
    },
    update: async (id, state, inputs, call) => {
      if (inputs["size"] !== state["size"]) {
        const body = { type: "resize", size_gigabytes: inputs["size"], region: inputs["region"] };
        await act(api, id, body, `Error resizing volume (${id})`, call);
      }
      await withStepName(
        "Error updating tags",
        setTags(api, { id, type: "volume" }, state["tags"], inputs["tags"]),
      );
      return madeOf(await withStepName("Error retrieving volume", api.get(path(id))), inputs).state;
    },
    delete: async (id) => {
      await unlessGone("Error deleting volume", api.delete(path(id)));
    },
  };
}

/**
 * Returns the resource type `digitalocean:index/volumeAttachment:VolumeAttachment`, modelled on the vendor's
 * resource_volume_attachment.go.
 */
export function volumeAttachmentType(api: Api): Bridged {
  const isAttached = async ({ volumeId, dropletId }: Properties): Promise<boolean> => {
    const answer = await unlessGone("Error retrieving volume", api.get(path(volumeId)));
    return listOf((answer?.["volume"] as Properties | undefined)?.["droplet_ids"]).includes(dropletId);
  };
  return {
    fields: {
      dropletId: { required: true, forceNew: true, nonZero: true },
      volumeId: { required: true, forceNew: true, nonZero: true },
    },
    outputs: [],
    create: async (inputs, call) => {
      const { dropletId, volumeId } = inputs;
      if (!(await isAttached(inputs))) {
        const words = `Error attaching volume to droplet after retry timeout: [WARN] Error attaching volume (${volumeId}) to Droplet (${dropletId})`;
        await patiently(() => act(api, volumeId, { type: "attach", droplet_id: dropletId }, words, call));
      }
      return { id: `${dropletId}-${volumeId}-${randomBytes(13).toString("hex")}`, state: inputs };
    },
    read: async (id, state) => ((await isAttached(state)) ? { id, state } : undefined),
    delete: async (_id, { dropletId, volumeId }, call) => {
      const words = `Error detaching volume from droplet after retry timeout: [WARN] Error detaching volume (${volumeId}) from Droplet (${dropletId})`;
      await patiently(() => act(api, volumeId, { type: "detach", droplet_id: dropletId }, words, call));
    },
  };
}

async function act(api: Api, id: Json, body: Properties, words: string, call: Call): Promise<void> {
  const { action } = await withStepName(words, api.post(`${path(id)}/actions`, body));
  await withStepName(words, waitForAction(api, action as Properties, call.signal));
}

/** The maximum wait for another action of the droplet, in milliseconds. */
const EVENT_TIMEOUT = 300_000;

async function patiently(work: () => Promise<void>): Promise<void> {
  for (const end = Date.now() + EVENT_TIMEOUT; ; ) {
    try {
      return await work();
    } catch (error) {
      const pending = (error as Error).message.includes("already has a pending event.");
      if (!pending || Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

function madeOf(answer: Properties, declared: Properties) {
  const volume = answer["volume"] as Properties;
  const { snapshotId, initialFilesystemType, initialFilesystemLabel } = declared;
  const state = {
    name: volume["name"],
    region: (volume["region"] as Properties)["slug"],
    size: volume["size_gigabytes"],
    volumeUrn: `do:volume:${volume["id"]}`,
    tags: volume["tags"],
    dropletIds: volume["droplet_ids"],
    ...(isZero(volume["description"]) ? {} : { description: volume["description"] }),
    ...(isZero(volume["filesystem_type"]) ? {} : { filesystemType: volume["filesystem_type"] }),
    ...(isZero(volume["filesystem_label"]) ? {} : { filesystemLabel: volume["filesystem_label"] }),
    ...{ snapshotId, initialFilesystemType, initialFilesystemLabel },
  };
  return { id: String(volume["id"]), state };
}
