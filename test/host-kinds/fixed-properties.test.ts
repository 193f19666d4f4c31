import { expect, test } from "vitest";
import { FIXED, ignoredProperties } from "../../src/host-kinds/droplet/fixed-properties.ts";
import type { Api } from "../doubles/plugins/digitalocean/api.ts";
import { dropletType } from "../doubles/plugins/digitalocean/types/droplet.ts";
import { reservedIpType } from "../doubles/plugins/digitalocean/types/reserved-ip.ts";
import { volumeType } from "../doubles/plugins/digitalocean/types/volume.ts";

const api = {} as Api;

/** The properties of the vendor that Muster never declares. */
const UNUSED = [
  "dropletAgent",
  "gpuPartitionMode",
  "publicNetworking",
  "snapshotId",
  "initialFilesystemLabel",
];

test.each([
  ["droplet", dropletType(api).fields],
  ["volume", volumeType(api).fields],
  ["reservedIp", reservedIpType(api).fields],
] as const)(
  "every property of a %s that the vendor's schema marks as replacing is in the table",
  (kind, fields) => {
    const replacing = Object.entries(fields).filter(([, { forceNew }]) => forceNew);
    const listed = FIXED[kind].map(({ property }) => property);
    const missing = replacing.filter(([name]) => ![...listed, ...UNUSED].includes(name));
    expect(missing).toEqual([]);
  },
);

test("IPv6 and the size of a volume are ignored only while the existing value cannot be changed", () => {
  expect(ignoredProperties(FIXED.droplet)).not.toContain("ipv6");
  expect(ignoredProperties(FIXED.droplet, ["ipv6"])).toContain("ipv6");
  expect(ignoredProperties(FIXED.volume)).not.toContain("size");
  expect(ignoredProperties(FIXED.volume, ["size"])).toContain("size");
});
