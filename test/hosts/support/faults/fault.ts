import type { FourHosts } from "../four-hosts.ts";

/** A fault that one host can have. */
export interface Fault {
  readonly name: string;
  /**
   * The effect on a run. `unreachable`: the host cannot be observed. `failing`: the host responds, but accepts no
   * change.
   */
  readonly effect: "unreachable" | "failing" | "none";
  /** The reason that Muster prints. */
  readonly says?: RegExp;
  /** In seconds. Set if a test waits for the complete timeout, because the default would be too long. */
  readonly connectTimeout?: number;
  begin(hosts: FourHosts, host: string): Promise<unknown>;
  end(hosts: FourHosts, host: string): Promise<unknown>;
}

/** Returns a fault, with scripts that begin and end the fault on the host. */
export function scripted(
  fault: Omit<Fault, "begin" | "end"> & { readonly begin: string; readonly end: string },
): Fault {
  return {
    ...fault,
    begin: (hosts, host) => hosts.inside(host, `set -e; ${fault.begin}`),
    end: (hosts, host) => hosts.inside(host, `set -e; ${fault.end}`),
  };
}
