import {
  IMAGES,
  imageOf,
  REGIONS,
  regionOf,
  SIZES,
  shownImage,
  shownRegion,
  shownSize,
  sizeOf,
} from "../catalog.ts";
import { type Droplet, existing } from "../data.ts";
import type { Store } from "../store.ts";

/** Returns a droplet in the form in which the API returns it. */
export function shownDroplet(store: Store, droplet: Droplet): object {
  const size = sizeOf(droplet.size) ?? (SIZES[0] as (typeof SIZES)[number]);
  return {
    id: droplet.id,
    name: droplet.name,
    memory: size.memory,
    vcpus: size.vcpus,
    disk: droplet.disk,
    locked: false,
    status: droplet.status,
    kernel: null,
    created_at: droplet.createdAt,
    features: droplet.features,
    backup_ids: [],
    next_backup_window: null,
    snapshot_ids: [],
    image: shownImage(imageOf(droplet.image) ?? (IMAGES[0] as (typeof IMAGES)[number])),
    volume_ids: existing(store.data.volumes)
      .filter(({ dropletIds }) => dropletIds.includes(droplet.id))
      .map(({ id }) => id),
    size: shownSize(size),
    size_slug: droplet.size,
    networks: networksOf(droplet),
    region: shownRegion(regionOf(droplet.region) ?? (REGIONS[0] as (typeof REGIONS)[number])),
    tags: droplet.tags,
    vpc_uuid: droplet.vpcUuid,
  };
}

/** Returns the networks of a droplet. Before it has its public address, a droplet has no networks. */
function networksOf({ publicAddress, privateAddress, ipv6Address }: Droplet): { v4: object[]; v6: object[] } {
  if (publicAddress === null) return { v4: [], v6: [] };
  const [own, inside] = [
    {
      ip_address: publicAddress,
      netmask: "255.255.255.0",
      gateway: gatewayOf(publicAddress),
      type: "public",
    },
    { ip_address: privateAddress, netmask: "255.255.0.0", gateway: "10.108.0.1", type: "private" },
  ];
  const v6 = { ip_address: ipv6Address, netmask: 64, gateway: "2001:db8::1", type: "public" };
  return { v4: [own, inside], v6: ipv6Address === null ? [] : [v6] };
}

function gatewayOf(address: string): string {
  return address.replace(/\d+$/, "1");
}
