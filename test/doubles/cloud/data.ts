/** The cloud's data, in the form in which the data is stored in a file. */

/** When an object becomes visible, and when a deleted object becomes invisible, in milliseconds since the epoch. */
export interface Visibility {
  visibleAt: number;
  goneAt: number | null;
}

export interface Droplet extends Visibility {
  readonly id: number;
  name: string;
  readonly region: string;
  size: string;
  /** The size of its disk in GB, which a resize without the disk keeps. */
  disk: number;
  image: string;
  status: "new" | "active" | "off";
  readonly createdAt: string;
  features: string[];
  tags: string[];
  readonly vpcUuid: string;
  /** Null until the droplet is connected to the network. */
  publicAddress: string | null;
  readonly privateAddress: string;
  ipv6Address: string | null;
  readonly userData: string;
  /** The public keys with which clients can log in. */
  readonly publicKeys: string[];
  /** The behaviour that a test has planned for the droplet. */
  readonly fate: Fate;
}

export type Fate = "boots" | "stuck" | "silent";

export interface Key extends Visibility {
  readonly id: number;
  name: string;
  readonly publicKey: string;
  readonly fingerprint: string;
}

/** The sources or destinations of a firewall rule. */
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

export interface Firewall extends Visibility {
  readonly id: string;
  name: string;
  readonly createdAt: string;
  inbound: InboundRule[];
  outbound: OutboundRule[];
  dropletIds: number[];
  tags: string[];
}

export interface ReservedIp extends Visibility {
  readonly ip: string;
  readonly region: string;
  readonly projectId: string;
  dropletId: number | null;
}

export interface Volume extends Visibility {
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

export interface Project extends Visibility {
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

export interface Vpc extends Visibility {
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
  /** The droplet that the action keeps busy, if its subject is another object. */
  readonly droplet?: number;
  readonly region: string;
}

export type Rights = "all" | "read" | "none";

/** All data of the cloud, which is one JSON file. */
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
  /** The rights of each token, by token. */
  tokens: Record<string, Rights>;
  dropletLimit: number;
  dropletsMade: number;
  /** The number of requests by route, such as `GET /v2/droplets/:id`. */
  requests: Record<string, number>;
}

/** Returns the objects that are not deleted, whether visible or not. */
export function existing<T extends Visibility>(objects: readonly T[]): T[] {
  return objects.filter(({ goneAt }) => goneAt === null);
}
