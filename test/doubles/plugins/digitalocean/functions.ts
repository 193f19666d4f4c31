import type { PluginFunction } from "../serve/plugin.ts";
import type { Json, Properties } from "../serve/values.ts";
import { type Api, part } from "./api.ts";
import { attributes, dropletOf } from "./droplet-attributes.ts";
import { listOf, withStepName } from "./steps.ts";

/** Returns the functions of the vendor's plugin that Muster uses, by token. */
export function functionsOf(api: Api): Readonly<Record<string, PluginFunction>> {
  return {
    ...named("getAccount", async () => {
      const { account } = await withStepName("Error retrieving account", api.get("/v2/account"));
      return { id: (account as Properties)["uuid"], ...camel(account as Properties) };
    }),
    ...named("getSizes", async ({ filters }) => {
      const sizes = await withStepName("Error retrieving sizes", api.all("/v2/sizes", "sizes"));
      return { id: "sizes", sizes: chosen(sizes.map(camel), filters) };
    }),
    ...named("getRegions", async ({ filters }) => {
      const regions = await withStepName("Error retrieving regions", api.all("/v2/regions", "regions"));
      return { id: "regions", regions: chosen(regions.map(camel), filters) };
    }),
    ...named("getImage", async ({ id, slug, name }) => {
      const { image } = await withStepName(
        "Error retrieving image",
        api.get(`/v2/images/${part(id ?? slug ?? name)}`),
      );
      const found = camel(image as Properties);
      return { ...found, id: found["id"], image: found["slug"] || String(found["id"]) };
    }),
    ...named("getDroplet", async ({ id, name, tag }) => {
      if (id !== undefined)
        return shown(await withStepName("Error retrieving droplet", dropletOf(api, String(id))));
      const query = tag === undefined ? `name=${part(name)}` : `tag_name=${part(tag)}`;
      const droplets = await withStepName(
        "Error retrieving droplets",
        api.all(`/v2/droplets?${query}`, "droplets"),
      );
      const [found, other] = droplets;
      if (found === undefined) throw new Error(`no droplet found with name ${name ?? tag}`);
      if (other !== undefined)
        throw new Error(
          `too many droplets found with name ${name ?? tag} (found ${droplets.length}, expected 1)`,
        );
      return shown(found);
    }),
    ...named("getDroplets", async ({ filters }) => {
      const droplets = await withStepName("Error retrieving droplets", api.all("/v2/droplets", "droplets"));
      return { id: "droplets", droplets: chosen(droplets.map(shown), filters) };
    }),
    ...named("getSshKey", async ({ name }) => {
      const keys = await withStepName("Error retrieving SSH keys", api.all("/v2/account/keys", "ssh_keys"));
      const found = keys.find((key) => key["name"] === name);
      if (found === undefined) throw new Error(`no ssh key found with name ${name}`);
      return camel(found);
    }),
  };
}

function named(name: string, call: PluginFunction): Record<string, PluginFunction> {
  return { [`digitalocean:index/${name}:${name}`]: call };
}

function shown(droplet: Properties): Properties {
  return { id: droplet["id"], ...attributes(droplet), image: (droplet["image"] as Properties)["slug"] };
}

function camel(properties: Properties): Properties {
  const name = (key: string) => key.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  return Object.fromEntries(Object.entries(properties).map(([key, value]) => [name(key), value]));
}

/** Returns the objects that match all filters. A filter has a key and the allowed values. */
function chosen(things: readonly Properties[], filters: Json): Properties[] {
  const wanted = listOf(filters) as unknown as { key: string; values: readonly string[] }[];
  return things.filter((thing) => {
    const flat = byApiName(thing);
    return wanted.every(({ key, values }) => {
      const value = flat[key];
      const own = Array.isArray(value) ? value.map(String) : [String(value)];
      return own.some((one) => values.includes(one));
    });
  });
}

/** Returns the object with the API's property names, because the key of a filter is such a name. */
function byApiName(thing: Properties): Properties {
  const snake = (key: string) => key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(Object.entries(thing).map(([key, value]) => [snake(key), value]));
}
