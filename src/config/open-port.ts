import type { RawHost } from "./yaml-types.ts";

export interface OpenPort {
  /** One port or a range, such as `443` or `8000-8100`. */
  readonly port: string;
  readonly protocol: "tcp" | "udp";
  readonly from: readonly string[];
}

/** All addresses, as the networks of a firewall rule. */
export const EVERYBODY: readonly string[] = ["0.0.0.0/0", "::/0"];

/** Returns a port with its defaults: TCP, from everywhere. */
export function openPort({ port, protocol, from }: NonNullable<RawHost["open"]>[number]): OpenPort {
  return { port: `${port}`, protocol: protocol ?? "tcp", from: from ?? EVERYBODY };
}
