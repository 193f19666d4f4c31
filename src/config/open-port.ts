import type { RawHost } from "./fleet-yaml-types.ts";

export interface OpenPort {
  /** One port or a range, such as `443` or `8000-8100`. */
  readonly port: string;
  readonly protocol: "tcp" | "udp";
  readonly from: readonly string[];
}

/** The networks for a firewall rule that applies to all addresses. */
export const EVERYBODY: readonly string[] = ["0.0.0.0/0", "::/0"];

/** Returns a declared port with the defaults filled in: TCP, from all addresses. */
export function openPort({ port, protocol, from }: NonNullable<RawHost["open"]>[number]): OpenPort {
  return { port: `${port}`, protocol: protocol ?? "tcp", from: from ?? EVERYBODY };
}
