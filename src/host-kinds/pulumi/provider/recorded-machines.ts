import { InvalidError } from "../../../base/errors.ts";
import type { InventoryHost } from "../../../inventory/inventory-host.ts";
import { readHosts } from "../../../inventory/read-inventory.ts";
import { specOf } from "../../../inventory/resolve-target.ts";
import { forgetHost, pinHost, renameHost } from "../../../inventory/write-inventory.ts";
import type { DeclaredHosts } from "../../../provider/hosts/declared-host-connections.ts";
import { firstContact } from "../../first-contact.ts";
import type { PulumiHostSpec } from "../index.ts";

/** The values that the program passes for a machine. */
export interface GivenMachine {
  readonly address: string;
  readonly machine: string;
  readonly user?: string;
  readonly port?: number;
  /**
   * The public host keys without comments. If absent, Muster trusts the keys that the machine presents at the first
   * contact.
   */
  readonly keys?: readonly string[];
}

/** The machines that the inventory records. */
export interface Machines {
  find(host: string): InventoryHost | undefined;
  /**
   * Waits until the host answers, and records the address, the login and the host keys.
   *
   * @throws HostError if the host does not answer within its `bootTimeout`, or presents a key other than the expected
   *   keys
   */
  contact(host: string, given: GivenMachine, progress: (line: string) => void): Promise<void>;
  rename(from: string, to: string): void;
  /** Removes the record of a host, if the host has a record. */
  forget(host: string): void;
}

/** Returns the machines of `kind: pulumi` that a project's inventory records. */
export function recordedMachines(project: string, declared: DeclaredHosts): Machines {
  const find = (host: string) => readHosts(project, "pulumi").get(host);
  return {
    find,
    contact: async (host, { address, machine, user, port, keys }, progress) => {
      const { name, kind, connectTimeout, identityFile, bootTimeout } = specFor(declared, host);
      const before = find(host);
      // Host keys belong to a machine, not to its address. A new machine therefore needs a first contact.
      const hostKeys = keys ?? (before?.machine === machine ? before.hostKeys : []);
      const login = {
        ...(port !== undefined && { port }),
        ...(user !== undefined && { user }),
        ...(identityFile !== undefined && { identityFile }),
      };
      const target = { kind, name, address, connectTimeout, ...login, hostKeys };
      const learnt = await firstContact(target, bootTimeout, progress, HINTS);
      pinHost(project, "pulumi", host, { address, ...login, machine, hostKeys: learnt });
    },
    rename: (from, to) => renameHost(project, "pulumi", from, to),
    forget: (host) => forgetHost(project, "pulumi", host),
  };
}

const HINTS = {
  login: "Check that `identityFile` or your ssh-agent has a private key that the machine accepts.",
  network: "Check that the machine runs, and that its firewall allows SSH from here.",
};

function specFor(declared: DeclaredHosts, host: string): PulumiHostSpec {
  const spec = specOf(declared() ?? {}, host);
  if (spec?.kind === "pulumi") return spec;
  throw new InvalidError({
    where: host,
    what: "its machine cannot be contacted",
    why: "fleet.yaml does not declare this host with `kind: pulumi`.",
    next: "Run `npx fleet validate`.",
  });
}
