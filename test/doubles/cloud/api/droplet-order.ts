import { imageOf, regionOf, sizeOf } from "../catalog.ts";
import { type Context, visible } from "../context.ts";
import { type Droplet, existing } from "../data.ts";
import { unprocessable } from "../error.ts";
import { findKey } from "./account.ts";
import { createTags, flag, text, texts } from "./body-fields.ts";
import { findVolume } from "./find-resource.ts";
import { defaultVpc } from "./vpcs.ts";

/** A validated request to create droplets. */
export interface Order {
  readonly region: string;
  readonly size: string;
  readonly image: string;
  readonly publicKeys: string[];
  readonly userData: string;
  readonly features: string[];
  readonly tags: string[];
  readonly vpcUuid: string;
  readonly volumes: readonly string[];
}

const NAME = /^[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?$/;

/** The maximum size of user_data, in bytes. */
const USER_DATA = 64 * 1024;

/** @throws ApiError with the reason if the request is invalid */
export function checkedOrder(
  context: Context,
  body: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Order {
  const { data } = context.store;
  if (!names.every((name) => NAME.test(name))) {
    throw unprocessable("Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)");
  }
  const region = regionOf(text(body, "region") ?? "nyc3");
  if (region === undefined) throw unprocessable("You specified an invalid region for Droplet creation.");
  const size = sizeOf(body["size"]);
  if (size === undefined) throw unprocessable("You specified an invalid size for Droplet creation.");
  const image = imageOf(body["image"]);
  if (image === undefined) throw unprocessable("You specified an invalid image for Droplet creation.");
  if (existing(data.droplets).length + names.length > data.dropletLimit) {
    throw unprocessable("creating this/these droplet(s) will exceed your droplet limit");
  }
  const userData = text(body, "user_data") ?? "";
  if (Buffer.byteLength(userData) > USER_DATA) throw unprocessable("user_data may not exceed 64 KiB");
  const vpc = text(body, "vpc_uuid");
  const vpcs = existing(data.vpcs);
  if (vpc !== undefined && !vpcs.some(({ id, region: of }) => id === vpc && of === region.slug)) {
    throw unprocessable(`VPC ${vpc} does not exist in region ${region.slug}`);
  }
  const volumes = texts(body, "volumes");
  for (const id of volumes) findVolume(context, id);
  return {
    region: region.slug,
    size: size.slug,
    image: image.slug,
    publicKeys: publicKeysOf(context, texts(body, "ssh_keys")),
    userData,
    features: ["droplet_agent", "private_networking"].concat(
      ["backups", "ipv6", "monitoring"].filter((feature) => flag(body, feature)),
    ),
    tags: createTags(data.tags, texts(body, "tags")),
    vpcUuid: vpc ?? defaultVpc(context, region.slug).id,
    volumes,
  };
}

function publicKeysOf({ store }: Context, names: readonly string[]): string[] {
  const keys = visible(store.data.keys);
  return names.map((name) => {
    const key = findKey(keys, name);
    if (key === undefined) throw unprocessable(`${name} are invalid key identifiers for Droplet creation.`);
    return key.publicKey;
  });
}

/** Creates the droplet's entry. The droplet's `create` action creates the machine. */
export function makeDroplet({ store, settings }: Context, name: string, order: Order): Droplet {
  const { data } = store;
  const id = store.nextId();
  const { volumes: _, ...rest } = order;
  const disk = sizeOf(order.size)?.disk ?? 0;
  const place = data.dropletsMade++;
  const droplet: Droplet = {
    id,
    name,
    disk,
    ...rest,
    features: [...rest.features],
    tags: [...rest.tags],
    status: "new",
    createdAt: new Date().toISOString().replace(/\.\d+/, ""),
    publicAddress: null,
    privateAddress: `10.108.${(place >> 8) & 255}.${place & 255}`,
    ipv6Address: rest.features.includes("ipv6") ? ipv6Of(id) : null,
    fate: settings.fates.shift() ?? "boots",
    visibleAt: Date.now() + settings.lag,
    goneAt: null,
  };
  data.droplets.push(droplet);
  return droplet;
}

/** Returns an IPv6 address in the range for documentation (RFC 3849). */
export function ipv6Of(id: number): string {
  return `2001:db8::${(id >> 16).toString(16)}:${(id & 0xffff).toString(16)}`;
}
