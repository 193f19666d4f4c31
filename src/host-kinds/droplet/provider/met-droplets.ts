import { InvalidError } from "../../../base/errors.ts";
import { type InventoryHost, metAs } from "../../../inventory/inventory-host.ts";
import { readHosts } from "../../../inventory/read-inventory.ts";
import { specOf } from "../../../inventory/resolve-target.ts";
import { forgetHost, pinHost, renameHost } from "../../../inventory/write-inventory.ts";
import type { DeclaredHosts } from "../../../provider/hosts/declared-hosts.ts";
import { firstContact } from "../first-contact.ts";
import type { DropletHostSpec } from "../spec.ts";
import { dropletAt } from "../target.ts";

/** The droplets of the fleet as the inventory has them; whether they exist, only the vendor's provider knows. */
export interface Droplets {
  find(host: string): MetDroplet | undefined;
  /** The droplets of hosts that were met, by the current name of the host. */
  met(
    hosts: readonly { readonly host: string; readonly formerly: readonly string[] }[],
  ): ReadonlyMap<string, MetDroplet>;
  /**
   * Waits until the host answers at its address, learns its keys where this machine was never met, and records how it
   * is reached.
   *
   * @returns the keys
   * @throws HostError where it does not answer in the time that fleet.yaml gives it
   */
  meet(
    host: string,
    droplet: Omit<MetDroplet, "hostKeys">,
    progress: (line: string) => void,
  ): Promise<string[]>;
  rename(from: string, to: string): void;
  /** It is a success where it is not known. */
  forget(host: string): void;
}

export interface MetDroplet {
  readonly address: string;
  /** The droplet's number. */
  readonly machine: string;
  /** The `replace` of fleet.yaml by which it was made. */
  readonly replace?: string;
  readonly hostKeys: readonly string[];
}

/** The droplets of a project; each that is met is written into the inventory. */
export function fleetDroplets(project: string, declared: DeclaredHosts): Droplets {
  const known = () => readHosts(project, "droplet");
  return {
    find: (host) => asMet(known().get(host)),
    met: (hosts) => {
      const all = known();
      return new Map(
        hosts.flatMap(({ host, formerly }) => {
          const met = asMet(metAs(all, { name: host, formerly }));
          return met === undefined ? [] : [[host, met] as const];
        }),
      );
    },
    meet: async (host, droplet, progress) => {
      const spec = specFor(declared, host);
      const before = known().get(host);
      // Keys belong to a machine, wherever it is; another machine is another first contact.
      const hostKeys =
        before?.machine === droplet.machine ? before.hostKeys : keysFrom(spec, droplet.machine);
      const target = dropletAt(spec, { address: droplet.address, hostKeys });
      const learnt = await firstContact(target, spec.droplet.bootTimeout, progress);
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

function asMet(known: InventoryHost | undefined): MetDroplet | undefined {
  if (known?.machine === undefined) return undefined;
  const { address, machine, replace, hostKeys } = known;
  return { address, machine, hostKeys, ...(replace !== undefined && { replace }) };
}

/** The keys that `fleet import` found. */
function keysFrom({ droplet: { adopt } }: DropletHostSpec, machine: string): readonly string[] {
  return adopt?.droplet === machine ? adopt.hostKeys : [];
}

function specFor(declared: DeclaredHosts, host: string): DropletHostSpec {
  const spec = specOf(declared() ?? {}, host);
  if (spec?.kind === "droplet") return spec;
  const why = "fleet.yaml does not declare it as a droplet.";
  throw new InvalidError({
    where: host,
    what: "its droplet cannot be met",
    why,
    next: "Run `npx fleet validate`.",
  });
}
