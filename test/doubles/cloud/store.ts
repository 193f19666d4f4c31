import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** When a thing is first seen and, once deleted, last seen; milliseconds since the epoch. */
export interface Seen {
  visibleAt: number;
  goneAt: number | null;
}

export interface Droplet extends Seen {
  readonly id: number;
  name: string;
  readonly region: string;
  size: string;
  image: string;
  status: "new" | "active" | "off";
  readonly createdAt: string;
  features: string[];
  tags: string[];
  readonly vpcUuid: string;
  /** Null until the droplet has its place in the network. */
  publicAddress: string | null;
  readonly privateAddress: string;
  ipv6Address: string | null;
  readonly userData: string;
  /** Public keys as they stand in the account. */
  readonly publicKeys: string[];
  /** What a test has in store for it. */
  readonly fate: Fate;
}

export type Fate = "boots" | "stuck" | "silent";

export interface Key extends Seen {
  readonly id: number;
  name: string;
  readonly publicKey: string;
  readonly fingerprint: string;
}

/** Where traffic comes from or goes to. */
export interface Peers {
  readonly addresses?: string[];
  readonly droplet_ids?: number[];
  readonly load_balancer_uids?: string[];
  readonly kubernetes_ids?: string[];
  readonly tags?: string[];
}

export interface InboundRule {
  readonly protocol: string;
  readonly ports: string;
  readonly sources: Peers;
}

export interface OutboundRule {
  readonly protocol: string;
  readonly ports: string;
  readonly destinations: Peers;
}

export interface Firewall extends Seen {
  readonly id: string;
  name: string;
  readonly createdAt: string;
  inbound: InboundRule[];
  outbound: OutboundRule[];
  dropletIds: number[];
  tags: string[];
}

export interface ReservedIp extends Seen {
  readonly ip: string;
  readonly region: string;
  readonly projectId: string;
  dropletId: number | null;
}

export interface Volume extends Seen {
  readonly id: string;
  readonly name: string;
  readonly region: string;
  size: number;
  readonly description: string;
  readonly filesystemType: string;
  readonly filesystemLabel: string;
  readonly createdAt: string;
  dropletIds: number[];
  tags: string[];
}

export interface Project extends Seen {
  readonly id: string;
  name: string;
  description: string;
  purpose: string;
  environment: string;
  isDefault: boolean;
  readonly createdAt: string;
  updatedAt: string;
  /** URNs such as `do:droplet:1`. */
  resources: string[];
}

export interface Vpc extends Seen {
  readonly id: string;
  name: string;
  description: string;
  readonly region: string;
  readonly ipRange: string;
  readonly isDefault: boolean;
  readonly createdAt: string;
}

export interface Action {
  readonly id: number;
  readonly type: string;
  status: "in-progress" | "completed" | "errored";
  readonly startedAt: string;
  completedAt: string | null;
  readonly resourceType: string;
  readonly resourceId: number | string;
  readonly region: string;
}

export type Rights = "all" | "read" | "none";

/** All that the cloud knows; it is one JSON file. */
export interface Data {
  nextId: number;
  droplets: Droplet[];
  keys: Key[];
  firewalls: Firewall[];
  reservedIps: ReservedIp[];
  volumes: Volume[];
  projects: Project[];
  vpcs: Vpc[];
  tags: string[];
  actions: Action[];
  /** Rights by token. */
  tokens: Record<string, Rights>;
  dropletLimit: number;
  dropletsMade: number;
  /** Requests by `METHOD route`. */
  requests: Record<string, number>;
}

export interface Store {
  readonly data: Data;
  /** Writes the file; whoever kills us finds the old one or the new one. */
  save(): void;
  nextId(): number;
}

/** A droplet limit as a new account has it is lower; tests set their own. */
const DROPLET_LIMIT = 25;

export function openStore(dir: string): Store {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = join(dir, "cloud.json");
  const data = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Data) : empty();
  return {
    data,
    save: () => {
      writeFileSync(`${file}.new`, JSON.stringify(data), { mode: 0o600 });
      renameSync(`${file}.new`, file);
    },
    nextId: () => data.nextId++,
  };
}

function empty(): Data {
  return {
    // As large as real ones, so that what takes an id for a small number is found out.
    nextId: 400_000_001,
    droplets: [],
    keys: [],
    firewalls: [],
    reservedIps: [],
    volumes: [],
    projects: [],
    vpcs: [],
    tags: [],
    actions: [],
    tokens: {},
    dropletLimit: DROPLET_LIMIT,
    dropletsMade: 0,
    requests: {},
  };
}

/** What there is in truth, seen or not. */
export function there<T extends Seen>(things: readonly T[]): T[] {
  return things.filter(({ goneAt }) => goneAt === null);
}
