import type { Machines } from "./machines.ts";

/**
 * Returns machines that do not exist. Droplets get addresses that never respond, from a range for documentation (RFC
 * 5737).
 */
export function noMachines(): Machines {
  let next = 0;
  const free = (): string => `192.0.2.${(next++ % 254) + 1}`;
  return {
    create: async () => free(),
    powerOff: async () => {},
    powerOn: async () => {},
    rebuild: async () => {},
    changeAddress: async () => free(),
    remove: async () => {},
    lead: async () => {},
    attach: async () => {},
    detach: async () => {},
    resizeDisk: async () => {},
    removeDisk: async () => {},
    run: async (id) => {
      throw new Error(`droplet ${id} has no machine`);
    },
  };
}
