import { randomBytes } from "node:crypto";
import { createTags } from "./api/body-fields.ts";
import { removeDroplet } from "./api/droplet-lifecycle.ts";
import { shownFirewall } from "./api/firewalls.ts";
import { shownProject } from "./api/projects.ts";
import { shownReservedIp } from "./api/reserved-ips.ts";
import { shownDroplet } from "./api/shown-droplet.ts";
import { shownVolume } from "./api/volumes.ts";
import type { Context } from "./context.ts";
import { type Droplet, existing, type Fate, type Firewall, type Rights } from "./data.ts";
import type { Fault, Faults } from "./faults.ts";
import type { RecordedRequest } from "./server.ts";

/** An object as the API returns it. */
export type Shown = Readonly<Record<string, unknown>>;

export interface ShownDroplet extends Shown {
  readonly id: number;
  readonly name: string;
  readonly status: string;
  readonly tags: readonly string[];
  readonly networks: { readonly v4: readonly { readonly ip_address: string; readonly type: string }[] };
}

export interface ShownFirewall extends Shown {
  readonly id: string;
  readonly name: string;
  readonly inbound_rules: readonly Shown[];
}

/** The calls of the account's console, and the calls with which a test controls the cloud. README.md explains them. */
export interface Admin {
  fault(fault: Fault): number;
  heal(number?: number): void;
  slow(ms: number): void;
  lag(ms: number): void;
  /** @param seconds the length of a window; the real API counts the requests of each minute */
  limitRequests(n: number, seconds?: number): void;
  nextDroplets(how: Exclude<Fate, "boots">, times?: number): void;
  dropletLimit(n: number): void;
  makeToken(rights: Rights): string;
  revoke(token: string): void;
  droplets(): ShownDroplet[];
  firewalls(): ShownFirewall[];
  keys(): Shown[];
  volumes(): Shown[];
  reservedIps(): Shown[];
  projects(): Shown[];
  deleteDroplet(id: number): Promise<void>;
  openFirewall(id: string, rule: { protocol: string; ports: string; addresses: string[] }): void;
  changeAddress(id: number): Promise<string>;
  editDroplet(id: number, change: { name?: string; tags?: string[] }): void;
  counts(): { dropletsMade: number; dropletsNow: number; requests: Readonly<Record<string, number>> };
  requests(): readonly RecordedRequest[];
  onDroplet(id: number, script: string): Promise<string>;
  settled(): Promise<void>;
}

export function makeAdmin(context: Context, faults: Faults, heard: () => readonly RecordedRequest[]): Admin {
  return { ...faultCalls(context, faults), ...consoleCalls(context), ...accountCalls(context, heard) };
}

function faultCalls({ settings }: Context, faults: Faults) {
  return {
    fault: (fault: Fault) => faults.add(fault),
    heal: (number?: number) => faults.heal(number),
    slow: (ms: number) => {
      settings.slow = ms;
    },
    lag: (ms: number) => {
      settings.lag = ms;
    },
    limitRequests: (requests: number, seconds = 60) => {
      settings.limit = { requests, seconds };
    },
    nextDroplets: (how: Exclude<Fate, "boots">, times = 1) => {
      settings.fates.push(...Array.from({ length: times }, () => how));
    },
  };
}

/** Returns the calls of the console, with which people make changes by hand. */
function consoleCalls(context: Context) {
  const { store, machines, actions } = context;
  const { data } = store;
  const droplet = (id: number): Droplet => known(existing(data.droplets), id);
  const firewall = (id: string): Firewall => known(existing(data.firewalls), id);
  return {
    deleteDroplet: async (id: number) => {
      removeDroplet(context, droplet(id));
      store.save();
      await actions.settled();
    },
    openFirewall: (id: string, rule: { protocol: string; ports: string; addresses: string[] }) => {
      const { protocol, ports, addresses } = rule;
      firewall(id).inbound.push({ protocol, ports, sources: { addresses } });
      store.save();
    },
    changeAddress: async (id: number) => {
      const one = droplet(id);
      one.publicAddress = await machines.changeAddress(id);
      store.save();
      return one.publicAddress;
    },
    editDroplet: (id: number, change: { name?: string; tags?: string[] }) => {
      const { tags, ...rest } = change;
      Object.assign(droplet(id), rest, tags && { tags: createTags(data.tags, tags) });
      store.save();
    },
    onDroplet: (id: number, script: string) => machines.run(droplet(id).id, script),
  };
}

function accountCalls(context: Context, heard: () => readonly RecordedRequest[]) {
  const { store, actions } = context;
  const { data } = store;
  return {
    dropletLimit: (n: number) => {
      data.dropletLimit = n;
      store.save();
    },
    makeToken: (rights: Rights) => {
      const token = `dop_v1_${randomBytes(32).toString("hex")}`;
      data.tokens[token] = rights;
      store.save();
      return token;
    },
    revoke: (token: string) => {
      delete data.tokens[token];
      store.save();
    },
    droplets: () => existing(data.droplets).map((one) => shownDroplet(store, one) as ShownDroplet),
    firewalls: () => existing(data.firewalls).map((one) => shownFirewall(one) as ShownFirewall),
    keys: () => existing(data.keys).map(({ id, name, publicKey }) => ({ id, name, public_key: publicKey })),
    volumes: () => existing(data.volumes).map((one) => shownVolume(one) as Shown),
    reservedIps: () => existing(data.reservedIps).map((one) => shownReservedIp(context, one) as Shown),
    projects: () =>
      existing(data.projects).map((one) => ({ ...shownProject(one), resources: one.resources }) as Shown),
    counts: () => ({
      dropletsMade: data.dropletsMade,
      dropletsNow: existing(data.droplets).length,
      requests: { ...data.requests },
    }),
    requests: heard,
    settled: () => actions.settled(),
  };
}

function known<T extends { readonly id: number | string }>(objects: readonly T[], id: number | string): T {
  const found = objects.find((object) => object.id === id);
  if (found === undefined) throw new Error(`the cloud has no ${id}`);
  return found;
}
