import { isMap, type Json, type Properties } from "../serve/values.ts";
import type { Api } from "./api.ts";
import { listOf } from "./steps.ts";

export async function dropletOf(api: Api, id: string): Promise<Properties> {
  if (!/^\d+$/.test(id)) throw new Error(`invalid droplet id: strconv.Atoi: parsing "${id}": invalid syntax`);
  return (await api.get(`/v2/droplets/${id}`))["droplet"] as Properties;
}

/**
 * Returns the attributes of a droplet by the plugin's names. The image is omitted, because its slug might now refer to
 * a newer image.
 */
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

/** Returns the image of a droplet. Only an import reads the image from the API. */
export function imageOf(droplet: Properties): Json {
  const image = droplet["image"];
  if (!isMap(image)) return undefined;
  return image["slug"] || String(image["id"]);
}
