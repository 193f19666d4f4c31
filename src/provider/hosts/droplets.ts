import { InvalidError } from "../../base/errors.ts";
import { firstContact } from "../../cloud/droplet/first-contact.ts";
import type { DropletHostSpec } from "../../config/fleet.ts";
import type { InventoryHost } from "../../inventory/inventory.ts";
import { readHosts } from "../../inventory/read-inventory.ts";
import { dropletAt, metAs, specOf } from "../../inventory/resolve-target.ts";
import { forgetHost, pinHost, renameHost } from "../../inventory/write-inventory.ts";
import type { Droplets, MetDroplet } from "../context.ts";
import type { DeclaredHosts } from "./declared-hosts.ts";

/** The droplets of a project; who is met is written into the inventory. */
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
      // The keys are the machine's, wherever it is; another machine is another first contact.
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

/** Those that were seen before `up` met it. */
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
