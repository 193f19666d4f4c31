import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Secret } from "../../src/base/secret.ts";
import type { Awaited, AwaitedAddresses } from "../../src/host-kinds/droplet/awaited-addresses.ts";
import type { Droplets, RecordedDroplet } from "../../src/host-kinds/droplet/provider/inventory-droplets.ts";
import { dropletProvider } from "../../src/host-kinds/droplet/provider.ts";
import type { LocalHostControl } from "../../src/host-kinds/local/provider/local-host-control.ts";
import { localHostProvider } from "../../src/host-kinds/local/provider.ts";
import type { GivenMachine, Machines } from "../../src/host-kinds/pulumi/provider/recorded-machines.ts";
import { pulumiHostProvider } from "../../src/host-kinds/pulumi/provider.ts";
import type { InventoryHost } from "../../src/inventory/inventory-host.ts";
import { byPart, type ItemProperty, itemName, partOf } from "../../src/model/agent-parts.ts";
import { digestOf } from "../../src/model/digest.ts";
import type { HostItem, Items } from "../../src/model/items.ts";
import { toWire } from "../../src/model/pulumi-items.ts";
import { agentOf } from "../../src/model/resource-id.ts";
import { contentStore } from "../../src/provider/content-store.ts";
import type { HostFacts } from "../../src/provider/context.ts";
import { makeProvider } from "../../src/provider/provider.ts";
import { serve } from "../../src/provider/server.ts";
import { type CallFailure, connectEngine, type Engine, type Json } from "../doubles/engine.ts";
import { type MemoryHost, memoryHost, memoryHosts } from "../doubles/memory-host.ts";

/** A real provider on the loopback device, an engine that connects to this provider, and two hosts in memory. */
export interface Rig {
  readonly engine: Engine;
  readonly hosts: { readonly hub: MemoryHost; readonly edge: MemoryHost };
  readonly machines: Map<string, "stopped" | "running">;
  /** The droplets that have been contacted, by host. */
  readonly droplets: Map<string, RecordedDroplet>;
  /** The machines of a user's own program that have been contacted, by host. */
  readonly given: Map<string, InventoryHost>;
  /** The facts that the provider knows about hosts without contacting them. */
  readonly facts: Facts;
  /** Writes a text to the folder from which the provider reads contents. @returns its digest */
  keep(text: string): `sha256:${string}`;
  readonly project: string;
  stop(): Promise<void>;
}

export const TEXT = "I am Iris.\n";

export async function makeRig(env: NodeJS.ProcessEnv = {}): Promise<Rig> {
  const project = mkdtempSync(join(tmpdir(), "muster-provider-"));
  const hosts = { hub: memoryHost(), edge: memoryHost() };
  const machines = new Map<string, "stopped" | "running">();
  const droplets = new Map<string, RecordedDroplet>();
  const given = new Map<string, InventoryHost>();
  const facts: Facts = { intermittent: new Set(), forgotten: new Set(), reached: new Map() };
  const context = {
    version: "0.1.0",
    env,
    hosts: memoryHosts(hosts),
    facts: factsOf(facts),
    contents: contentStore(project),
    archives: { files: async () => new Map(), urls: async () => ({}) },
    commits: {
      pack: () => {
        throw new Error("no test of the provider sends a commit");
      },
    },
    commands: (command: string) => new Secret(`output of ${command}`),
    kinds: [
      localHostProvider(memoryMachines(machines)),
      dropletProvider(memoryDroplets(droplets), memoryAddresses()),
      pulumiHostProvider(memoryGiven(given)),
    ],
  };
  const running = await serve(makeProvider(context));
  const engine = await connectEngine(running.port);
  const keep = (text: string) => {
    const digest = digestOf(text);
    mkdirSync(join(project, ".muster/contents"), { recursive: true });
    writeFileSync(join(project, ".muster/contents", digest.slice(7)), text);
    return digest;
  };
  keep(TEXT);
  const stop = async () => {
    engine.close();
    await running.stop();
    rmSync(project, { recursive: true });
  };
  return { engine, hosts, machines, droplets, given, facts, keep, project, stop };
}

/** Facts about hosts. Each field contains the hosts for which the fact is true. */
interface Facts {
  readonly intermittent: Set<string>;
  /** The hosts that fleet.yaml no longer declares. */
  readonly forgotten: Set<string>;
  readonly reached: Map<string, Date>;
}

/** Records of awaited reserved IPs that are lost when the provider ends. */
function memoryAddresses(): AwaitedAddresses {
  const awaited = new Map<string, Awaited>();
  return {
    read: (owner) => awaited.get(owner) ?? {},
    write: (owner, one) => void awaited.set(owner, one),
  };
}

function factsOf({ intermittent, forgotten, reached }: Facts): HostFacts {
  return {
    peer: () => undefined,
    isDeclared: (host) => !forgotten.has(host),
    isIntermittent: (host) => intermittent.has(host),
    lastReached: (host) => reached.get(host),
    noteReached: (host) => void reached.set(host, new Date()),
  };
}

/** The default policy about recurring findings. */
export const RECURRENCE = { within: 604_800, onRecurrence: "warn" } as const;

/** Returns the URN of a resource in the project `fleet`, stack `dev`. */
export function urnOf(type: string, name: string): string {
  return `urn:pulumi:dev::fleet::muster:index:${type}::${name}`;
}

/**
 * Returns a resource's inputs as the program sends them. An agent's item without a part belongs to the agent's
 * identity.
 */
export function inputsOf(id: string, items: Items, host = "hub"): Json {
  const nameOf = (name: string) =>
    agentOf(id) === undefined || partOf(name) !== undefined ? name : itemName("identity", name);
  const wire = Object.entries(items).map(([name, item]) => [nameOf(name), toWire(item)]);
  return { host, resource: id, ...byPart(Object.fromEntries(wire)) };
}

/** Returns an agent's inputs with other properties of one item in the agent's identity. */
export function changed(inputs: Json, item: string, properties: Json): Json {
  const items = itemsOf(inputs);
  return { ...inputs, identity: { ...items, [item]: { ...items[item], ...properties } } };
}

export const SOUL: HostItem = {
  kind: "file",
  path: "/home/iris/SOUL.md",
  actor: "iris",
  want: { type: "file", content: digestOf(TEXT), owner: "iris", group: "arc", mode: "0600" },
};

export const HOME: HostItem = {
  kind: "directory",
  path: "/home/iris",
  onRemove: "aside",
  want: { type: "directory", owner: "iris", group: "arc", mode: "0700" },
};

/** Returns the item of an agent's credential that has this reference. */
export function secretItem(secret: string, envName?: string): HostItem {
  return {
    kind: "file",
    path: `/var/lib/muster/credentials/iris/${secret.replace(/\W/g, "-")}`,
    secret,
    ...(envName === undefined ? {} : { envName }),
    want: { type: "file", content: "as declared", owner: "iris", group: "arc", mode: "0400" },
  };
}

function memoryMachines(machines: Map<string, "stopped" | "running">): LocalHostControl {
  const run = async (host: string) => void machines.set(host, "running");
  return {
    state: (host) => machines.get(host) ?? "absent",
    create: run,
    boot: run,
    rename: (from, to) => {
      machines.set(to, machines.get(from) ?? "stopped");
      machines.delete(from);
    },
    remove: async (host) => void machines.delete(host),
  };
}

function memoryDroplets(droplets: Map<string, RecordedDroplet>): Droplets {
  return {
    find: (host) => droplets.get(host),
    recorded: (hosts) =>
      new Map(
        hosts.flatMap(({ host, formerly }) => {
          const met = [host, ...formerly].map((name) => droplets.get(name)).find(Boolean);
          return met === undefined ? [] : [[host, met] as const];
        }),
      ),
    contact: async (host, droplet) => {
      const hostKeys = ["ssh-ed25519 AAAA"];
      droplets.set(host, { ...droplet, hostKeys });
      return hostKeys;
    },
    rename: (from, to) => {
      const met = droplets.get(from);
      if (met !== undefined) droplets.set(to, met);
      droplets.delete(from);
    },
    forget: (host) => void droplets.delete(host),
  };
}

function memoryGiven(given: Map<string, InventoryHost>): Machines {
  return {
    find: (host) => given.get(host),
    contact: async (host, { keys, ...machine }: GivenMachine) =>
      void given.set(host, { ...machine, hostKeys: keys ?? ["ssh-ed25519 AAAA"] }),
    rename: (from, to) => {
      const known = given.get(from);
      if (known !== undefined) given.set(to, known);
      given.delete(from);
    },
    forget: (host) => void given.delete(host),
  };
}

/** The resource in most tests: an agent with an identity and no other part. */
export const ID = "hub/iris/agent";
export const AGENT = urnOf("Agent", ID);
export const iris = inputsOf(ID, { "SOUL.md": SOUL, home: HOME });

/** Returns the error of a call that must fail. */
export function failureOf(call: Promise<unknown>): Promise<CallFailure> {
  const unexpected = () => {
    throw new Error("the call did not fail");
  };
  return call.then(unexpected, (error: CallFailure) => error);
}

/** Returns the items of a part of an agent, by label. */
export function itemsOf(properties: Json, part: ItemProperty = "identity"): Record<string, Json> {
  return properties[part] as Record<string, Json>;
}
