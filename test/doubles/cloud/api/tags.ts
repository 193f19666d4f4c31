import { type Context, created, list, noContent, ok, type Routes, visible } from "../context.ts";
import { existing } from "../data.ts";
import { notFound } from "../error.ts";
import { array, canonicalTag, createTags, requiredText } from "./body-fields.ts";

/** Returns the routes of tags, and of the droplets and volumes with a tag. */
export function tagRoutes({ store }: Context): Routes {
  const { data } = store;
  const find = (name: string | undefined): string => {
    const found = canonicalTag(data.tags, name ?? "");
    if (found === undefined) throw notFound();
    return found;
  };
  const bearers = (body: Readonly<Record<string, unknown>>) =>
    (array(body, "resources") as { resource_id: string; resource_type: string }[]).map((wanted) => {
      const all = wanted.resource_type === "droplet" ? visible(data.droplets) : visible(data.volumes);
      const found = [...all].find(({ id }) => String(id) === String(wanted.resource_id));
      if (found === undefined) throw notFound();
      return found;
    });
  const shown = (name: string) => {
    const count = (things: readonly { tags: string[] }[]) =>
      things.filter(({ tags }) => tags.includes(name)).length;
    const [droplets, volumes] = [count(existing(data.droplets)), count(existing(data.volumes))];
    return {
      name,
      resources: {
        count: droplets + volumes,
        droplets: { count: droplets },
        images: { count: 0 },
        volumes: { count: volumes },
        volume_snapshots: { count: 0 },
        databases: { count: 0 },
      },
    };
  };
  return {
    "GET /v2/tags": () => list("tags", data.tags.map(shown)),
    "POST /v2/tags": ({ body }) => {
      const [name = ""] = createTags(data.tags, [requiredText(body, "name")]);
      return created({ tag: shown(name) });
    },
    "GET /v2/tags/:name": ({ params }) => ok({ tag: shown(find(params["name"])) }),
    "DELETE /v2/tags/:name": ({ params }) => {
      const name = find(params["name"]);
      data.tags = data.tags.filter((tag) => tag !== name);
      for (const thing of [...data.droplets, ...data.volumes, ...data.firewalls]) {
        thing.tags = thing.tags.filter((tag) => tag !== name);
      }
      return noContent;
    },
    "POST /v2/tags/:name/resources": ({ params, body }) => {
      const name = find(params["name"]);
      for (const thing of bearers(body)) thing.tags = [...thing.tags.filter((tag) => tag !== name), name];
      return noContent;
    },
    "DELETE /v2/tags/:name/resources": ({ params, body }) => {
      const name = find(params["name"]);
      for (const thing of bearers(body)) thing.tags = thing.tags.filter((tag) => tag !== name);
      return noContent;
    },
  };
}
