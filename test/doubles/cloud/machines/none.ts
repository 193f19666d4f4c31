import type { Machines } from "./machines.ts";

/** No machines at all: droplets get addresses that are documentation's own (RFC 5737), where nobody answers. */
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
