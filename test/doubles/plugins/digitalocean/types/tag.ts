import type { Bridged } from "../../serve/bridge.ts";
import type { Properties } from "../../serve/values.ts";
import { type Api, part } from "../api.ts";
import { unlessGone, withStepName } from "../steps.ts";

/** Returns the resource type `digitalocean:index/tag:Tag`, modelled on the vendor's resource_tag.go. */
export function tagType(api: Api): Bridged {
  return {
    fields: { name: { autoName: true, forceNew: true } },
    outputs: [
      ...["databasesCount", "dropletsCount", "imagesCount", "totalResourceCount"],
      ...["volumeSnapshotsCount", "volumesCount"],
    ],
    create: async (inputs) =>
      madeOf(await withStepName("Error creating tag", api.post("/v2/tags", { name: inputs["name"] }))),
    read: async (id) => {
      const answer = await unlessGone("Error retrieving tag", api.get(`/v2/tags/${part(id)}`));
      return answer && madeOf(answer);
    },
    delete: async (id) => {
      await unlessGone("Error deleting tag", api.delete(`/v2/tags/${part(id)}`));
    },
  };
}

function madeOf(answer: Properties) {
  const { name, resources } = answer["tag"] as Properties;
  const counts = resources as Properties;
  const count = (kind: string) => (counts[kind] as Properties)["count"];
  const state = {
    name,
    totalResourceCount: counts["count"],
    dropletsCount: count("droplets"),
    imagesCount: count("images"),
    volumesCount: count("volumes"),
    volumeSnapshotsCount: count("volume_snapshots"),
    databasesCount: count("databases"),
  };
  return { id: String(name), state };
}
