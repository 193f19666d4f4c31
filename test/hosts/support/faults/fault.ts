import type { FourHosts } from "../four-hosts.ts";

/** Something that goes wrong with one host. */
export interface Fault {
  readonly name: string;
  /** What it does to a run: `away` nothing is known of the host, `failing` it answers but takes no change. */
  readonly effect: "away" | "failing" | "none";
  /** Why, as the person is told. */
  readonly says?: RegExp;
  /** Seconds, other than the default, where the whole of it is waited for. */
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
