import { InvalidError } from "../../../base/errors.ts";
import { type InventoryHost, inventoryEntry } from "../../../inventory/inventory-host.ts";
import { readHosts } from "../../../inventory/read-inventory.ts";
import { specOf } from "../../../inventory/resolve-target.ts";
import { forgetHost, pinHost, renameHost } from "../../../inventory/write-inventory.ts";
import type { DeclaredHosts } from "../../../provider/hosts/declared-host-connections.ts";
import { firstContact } from "../../first-contact.ts";
import type { DropletHostSpec } from "../spec.ts";
import { dropletAt } from "../target.ts";
import { requireHostKeyForCommands } from "./host-key-for-commands.ts";

/**
 * The droplets that the inventory records. Only the vendor's provider knows whether these droplets still
 * exist.
 */
export interface Droplets {
  find(host: string): RecordedDroplet | undefined;
  /** Returns the recorded droplets of these hosts, by the current name of the host. */
  recorded(
    hosts: readonly { readonly host: string; readonly formerly: readonly string[] }[],
  ): ReadonlyMap<string, RecordedDroplet>;
  /**
   * Waits until the host answers at the address of the droplet. Records the address, the login and the host keys. If no
   * keys are pinned, trusts the keys that the host presents at this first contact.
   *
   * @returns the host keys
   * @throws HostError if the host does not answer within its `bootTimeout`
   */
  contact(
    host: string,
    droplet: Omit<RecordedDroplet, "hostKeys">,
    progress: (line: string) => void,
  ): Promise<string[]>;
  rename(from: string, to: string): void;
  /** Removes the record of a host, if the host has a record. */
  forget(host: string): void;
}

export interface RecordedDroplet {
  readonly address: string;
  /** The droplet's ID. */
  readonly machine: string;
  /** The text of `replace` in fleet.yaml that requested this droplet. Absent if no `replace` requested this droplet. */
  readonly replace?: string;
  readonly hostKeys: readonly string[];
}

/** Returns the droplets that a project's inventory records. */
export function fleetDroplets(project: string, declared: DeclaredHosts): Droplets {
  const known = () => readHosts(project, "droplet");
  return {
    find: (host) => asRecorded(known().get(host)),
    recorded: (hosts) => {
      const all = known();
      return new Map(
        hosts.flatMap(({ host, formerly }) => {
          const recorded = asRecorded(inventoryEntry(all, { name: host, formerly }));
          return recorded === undefined ? [] : [[host, recorded] as const];
        }),
      );
    },
    contact: async (host, droplet, progress) => {
      const spec = specFor(declared, host);
      const before = known().get(host);
      // Host keys belong to a droplet, not to its address. Each new droplet therefore needs a first contact.
      const hostKeys =
        before?.machine === droplet.machine ? before.hostKeys : keysFrom(spec, droplet.machine);
      const target = dropletAt(spec, { address: droplet.address, hostKeys });
      const learnt = await firstContact(target, spec.droplet.bootTimeout, progress, HINTS);
      requireHostKeyForCommands(spec, droplet.machine, learnt);
      const { port, user, identityFile } = spec;
      const login = {
        ...(port !== undefined && { port }),
        ...(user !== undefined && { user }),
        ...(identityFile !== undefined && { identityFile }),
      };
      pinHost(project, "droplet", host, { ...droplet, ...login, hostKeys: learnt });
      return learnt;
    },
    rename: (from, to) => renameHost(project, "droplet", from, to),
    forget: (host) => forgetHost(project, "droplet", host),
  };
}

const HINTS = {
  login: "Check that `identityFile` or your ssh-agent has the private key for one of `cloud.keys`.",
  network:
    "Check its console at cloud.digitalocean.com, and check that `cloud.sshFrom` contains this machine's address.",
};

function asRecorded(known: InventoryHost | undefined): RecordedDroplet | undefined {
  if (known?.machine === undefined) return undefined;
  const { address, machine, replace, hostKeys } = known;
  return { address, machine, hostKeys, ...(replace !== undefined && { replace }) };
}

/** Returns the declared host keys of an adopted droplet. For other droplets, returns an empty list. */
function keysFrom({ droplet: { adopt } }: DropletHostSpec, machine: string): readonly string[] {
  return adopt?.droplet === machine ? adopt.hostKeys : [];
}

function specFor(declared: DeclaredHosts, host: string): DropletHostSpec {
  const spec = specOf(declared() ?? {}, host);
  if (spec?.kind === "droplet") return spec;
  const why = "fleet.yaml does not declare this host as a droplet.";
  throw new InvalidError({
    where: host,
    what: "its droplet cannot be contacted",
    why,
    next: "Run `npx fleet validate`.",
  });
}
