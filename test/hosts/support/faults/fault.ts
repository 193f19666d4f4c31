import type { FourHosts } from "../four-hosts.ts";

/** A fault of one host. */
export interface Fault {
  readonly name: string;
  /**
   * Effect on a run: with `unreachable` the host cannot be observed, with `failing` it answers but accepts no change.
   */
  readonly effect: "unreachable" | "failing" | "none";
  /** The reason, as Muster prints it. */
  readonly says?: RegExp;
  /** Seconds, where the test waits for the whole timeout and the default is too long. */
  readonly connectTimeout?: number;
  begin(hosts: FourHosts, host: string): Promise<unknown>;
  end(hosts: FourHosts, host: string): Promise<unknown>;
}

/** A fault that scripts on the host begin and end. */
export function scripted(
  fault: Omit<Fault, "begin" | "end"> & { readonly begin: string; readonly end: string },
): Fault {
  return {
    ...fault,
    begin: (hosts, host) => hosts.inside(host, `set -e; ${fault.begin}`),
    end: (hosts, host) => hosts.inside(host, `set -e; ${fault.end}`),
  };
}
