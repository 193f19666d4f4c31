import { isIPv4, isIPv6 } from "node:net";
import type { HostSpec } from "../fleet.ts";
import type { OpenPort } from "../open-port.ts";
import type { Lint } from "./lint.ts";

/** Refuses addresses and ports that no host can have, before any host is contacted. */
export const impossibleAddress: Lint = (fleet) => [
  ...Object.values(fleet.hosts).flatMap((host) => {
    const flaw = "address" in host && typeof host.address === "string" ? flawOf(host.address) : undefined;
    return flaw === undefined ? [] : [{ keys: ["hosts", host.name, "address"], sentence: flaw }];
  }),
  ...Object.values(fleet.hosts).flatMap((host) =>
    openPorts(host).flatMap(({ port }, i) => {
      const flaw = portFlaw(port);
      return flaw === undefined ? [] : [{ keys: ["hosts", host.name, "open", i, "port"], sentence: flaw }];
    }),
  ),
];

/** Returns the ports that a droplet's firewall opens. Hosts of other kinds have no firewall. */
function openPorts(host: HostSpec): readonly OpenPort[] {
  return "open" in host ? (host.open as readonly OpenPort[]) : [];
}

function flawOf(address: string): string | undefined {
  if (address.includes(":")) return v6Flaw(address);
  if (/^[\d.]+$/.test(address)) {
    if (!isIPv4(address)) return "is not an IP address: it must have four numbers from 0 to 255";
    const first = Number(address.split(".")[0]);
    return first === 0 || first >= 224 ? NO_HOST : undefined;
  }
  const labels = address.replace(/\.$/, "").split(".");
  const isName = labels.every((label) => /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/.test(label));
  return isName ? undefined : "is not a host name: each part must have 1 to 63 letters, digits or hyphens";
}

const NO_HOST = "is not the address of one host";

function v6Flaw(address: string): string | undefined {
  if (/^[^:]+:\d+$/.test(address)) return "must not contain a port: write the port in `port`";
  if (!isIPv6(address)) return "is not an IP address";
  return /^(::|ff[0-9a-f]{2}:.*)$/i.test(address) ? NO_HOST : undefined;
}

/** Returns the error in a port or a range, whose form the schema has already checked. */
function portFlaw(port: string): string | undefined {
  const [first = 0, last = first] = port.split("-").map(Number);
  if (last > 65_535) return "must be at most 65535";
  return first > last ? "must be a range from a lower to a higher port" : undefined;
}
