import type { Droplet, Volume } from "./digitalocean/account.ts";
import type { DropletQuestion, VolumeQuestion } from "./preflight-protocol.ts";

/**
 * A property whose change requires a replacement according to the vendor's schema. The vendor's provider would then
 * delete the resource with its data, and create a new resource. Muster prevents this: it keeps the existing value, and
 * prints a warning that names the setting that only a new resource can have.
 */
interface FixedProperty<Declared, Actual> {
  /** The name in the vendor's schema. */
  readonly property: string;
  /** The setting in fleet.yaml. Absent if there is no such setting, or if the API does not return its value. */
  readonly setting?: Setting<Declared, Actual>;
  /**
   * Whether a change of the property replaces the resource. If this function is absent, every change does. The engine
   * ignores a change only if this function returns true, and applies all other changes.
   */
  readonly only?: (declared: string, actual: string) => boolean;
}

interface Setting<Declared, Actual> {
  /** The key in fleet.yaml. */
  readonly key: string;
  /** @returns undefined if every value is allowed */
  declared(declared: Declared): string | undefined;
  /** @returns undefined if the value is unknown */
  actual(actual: Actual, declared: string): string | undefined;
}

const isOn = (features: readonly string[] | undefined, feature: string) =>
  features === undefined ? undefined : `${features.includes(feature)}`;
const textOf = (value: boolean | undefined) => (value === undefined ? undefined : `${value}`);

/**
 * The fixed properties of a droplet: resource_droplet.go in
 * https://github.com/digitalocean/terraform-provider-digitalocean
 */
const DROPLET: readonly FixedProperty<DropletQuestion, Droplet>[] = [
  { property: "userData" },
  { property: "sshKeys" },
  {
    property: "region",
    setting: { key: "region", declared: ({ region }) => region, actual: ({ region }) => region?.slug },
  },
  {
    property: "image",
    setting: {
      key: "image",
      declared: ({ image }) => image,
      // An image is declared by its slug or by its ID.
      actual: ({ image }, declared) => {
        const id = image && `${image.id}`;
        return id === declared ? id : image?.slug || id;
      },
    },
  },
  {
    property: "vpcUuid",
    setting: { key: "vpc", declared: ({ vpc }) => vpc, actual: ({ vpc_uuid }) => vpc_uuid },
  },
  {
    property: "monitoring",
    setting: {
      key: "monitoring",
      declared: ({ monitoring }) => textOf(monitoring),
      actual: ({ features }) => isOn(features, "monitoring"),
    },
  },
  {
    property: "ipv6",
    setting: {
      key: "ipv6",
      declared: ({ ipv6 }) => textOf(ipv6),
      actual: ({ features }) => isOn(features, "ipv6"),
    },
    // DigitalOcean can enable IPv6 on an existing droplet, but not disable it.
    only: (declared) => declared === "false",
  },
];

/** The fixed properties of a volume: resource_volume.go */
const VOLUME: readonly FixedProperty<VolumeQuestion, Volume>[] = [
  { property: "name" },
  { property: "region" },
  { property: "description" },
  {
    property: "initialFilesystemType",
    setting: {
      key: "filesystem",
      declared: ({ filesystem }) => filesystem,
      actual: ({ filesystem_type }) => filesystem_type || undefined,
    },
  },
  {
    property: "size",
    setting: {
      key: "size",
      declared: ({ size }) => `${size}`,
      actual: ({ size_gigabytes }) => `${size_gigabytes}`,
    },
    // A smaller size is ignored, because the vendor's provider refuses it and would end the run for all hosts.
    only: (declared, actual) => Number(declared) < Number(actual),
  },
];

/** The fixed properties of a reserved IP: resource_reserved_ip.go */
const RESERVED_IP: readonly FixedProperty<unknown, unknown>[] = [{ property: "region" }];

/** The fixed properties of each kind of resource. */
export const FIXED = { droplet: DROPLET, volume: VOLUME, reservedIp: RESERVED_IP } as const;

/** A declared setting that the existing resource cannot have. */
export interface KeptSetting {
  readonly property: string;
  readonly key: string;
  readonly declared: string;
  readonly actual: string;
}

/** Compares an existing resource with its declaration. */
export function keptSettings<Declared, Actual>(
  table: readonly FixedProperty<Declared, Actual>[],
  declared: Declared,
  actual: Actual,
): KeptSetting[] {
  return table.flatMap(({ property, setting, only = () => true }) => {
    const wanted = setting?.declared(declared);
    if (setting === undefined || wanted === undefined) return [];
    const existing = setting.actual(actual, wanted);
    if (existing === undefined) return [];
    if (wanted === existing || !only(wanted, existing)) return [];
    return [{ property, key: setting.key, declared: wanted, actual: existing }];
  });
}

/**
 * Returns the properties for which the engine must ignore changes.
 *
 * @param kept the properties that the existing resource keeps; undefined if the resource does not exist yet
 */
export function ignoredProperties<Declared, Actual>(
  table: readonly FixedProperty<Declared, Actual>[],
  kept: readonly string[] = [],
): string[] {
  return table.flatMap(({ property, only }) =>
    only === undefined || kept.includes(property) ? [property] : [],
  );
}
