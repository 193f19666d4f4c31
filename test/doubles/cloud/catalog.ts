/** The cloud's catalogue: a part of DigitalOcean's public list, with prices in US dollars. */

export interface Region {
  readonly slug: string;
  readonly name: string;
}

export interface Size {
  readonly slug: string;
  readonly memory: number;
  readonly vcpus: number;
  readonly disk: number;
  /** The included traffic, in terabytes per month. */
  readonly transfer: number;
  readonly price_monthly: number;
  readonly price_hourly: number;
  readonly description: string;
}

export interface Image {
  readonly id: number;
  readonly slug: string;
  readonly name: string;
  readonly distribution: string;
}

export const REGIONS: readonly Region[] = [
  { slug: "nyc1", name: "New York 1" },
  { slug: "nyc3", name: "New York 3" },
  { slug: "ams3", name: "Amsterdam 3" },
  { slug: "sfo3", name: "San Francisco 3" },
  { slug: "sgp1", name: "Singapore 1" },
  { slug: "lon1", name: "London 1" },
  { slug: "fra1", name: "Frankfurt 1" },
  { slug: "tor1", name: "Toronto 1" },
  { slug: "blr1", name: "Bangalore 1" },
  { slug: "syd1", name: "Sydney 1" },
];

export const SIZES: readonly Size[] = [
  size("s-1vcpu-512mb-10gb", 512, 1, 10, 0.5, 4, 0.00595),
  size("s-1vcpu-1gb", 1024, 1, 25, 1, 6, 0.00893),
  size("s-1vcpu-2gb", 2048, 1, 50, 2, 12, 0.01786),
  size("s-2vcpu-2gb", 2048, 2, 60, 3, 18, 0.02679),
  size("s-2vcpu-4gb", 4096, 2, 80, 4, 24, 0.03571),
  size("s-4vcpu-8gb", 8192, 4, 160, 5, 48, 0.07143),
  size("s-8vcpu-16gb", 16_384, 8, 320, 6, 96, 0.14286),
];

export const IMAGES: readonly Image[] = [
  { id: 139_569_571, slug: "debian-12-x64", name: "12 x64", distribution: "Debian" },
  { id: 194_390_880, slug: "debian-13-x64", name: "13 x64", distribution: "Debian" },
  { id: 129_211_873, slug: "ubuntu-22-04-x64", name: "22.04 (LTS) x64", distribution: "Ubuntu" },
  { id: 155_133_621, slug: "ubuntu-24-04-x64", name: "24.04 (LTS) x64", distribution: "Ubuntu" },
  { id: 136_932_290, slug: "rockylinux-9-x64", name: "9 x64", distribution: "Rocky Linux" },
];

function size(
  slug: string,
  memory: number,
  vcpus: number,
  disk: number,
  transfer: number,
  monthly: number,
  hourly: number,
): Size {
  return {
    slug,
    memory,
    vcpus,
    disk,
    transfer,
    price_monthly: monthly,
    price_hourly: hourly,
    description: "Basic",
  };
}

export const regionOf = (slug: unknown): Region | undefined => REGIONS.find((one) => one.slug === slug);

export const sizeOf = (slug: unknown): Size | undefined => SIZES.find((one) => one.slug === slug);

/** @param name the image's slug, or its ID as a number or as text */
export const imageOf = (name: unknown): Image | undefined =>
  IMAGES.find(({ slug, id }) => slug === name || String(id) === String(name));

export function shownRegion(region: Region): object {
  const features = ["backups", "ipv6", "metadata", "install_agent", "storage", "image_transfer"];
  return { ...region, features, available: true, sizes: SIZES.map(({ slug }) => slug) };
}

export function shownSize(one: Size): object {
  return { ...one, available: true, regions: REGIONS.map(({ slug }) => slug) };
}

export function shownImage(image: Image): object {
  return {
    ...image,
    type: "base",
    public: true,
    regions: REGIONS.map(({ slug }) => slug),
    created_at: "2024-05-01T00:00:00Z",
    min_disk_size: 7,
    size_gigabytes: 0.5,
    description: `${image.distribution} ${image.name}`,
    tags: [],
    status: "available",
    error_message: "",
  };
}
