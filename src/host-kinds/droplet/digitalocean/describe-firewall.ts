import type { OpenPort } from "../../../config/open-port.ts";

/** As the API shows one: https://docs.digitalocean.com/reference/api/ */
export interface Firewall {
  readonly id: string;
  readonly name: string;
  readonly droplet_ids?: readonly number[] | null;
  readonly tags?: readonly string[] | null;
  readonly inbound_rules?: readonly InboundRule[] | null;
}

interface InboundRule {
  readonly protocol: string;
  /** One port or a range; `0` is all of them. */
  readonly ports?: string;
  readonly sources: Readonly<Record<string, readonly unknown[] | null | undefined>>;
}

/** A firewall as fleet.yaml says it. */
export interface FoundFirewall {
  readonly id: string;
  readonly name: string;
  readonly sshFrom: readonly string[];
  readonly open: readonly OpenPort[];
}

/**
 * The firewall of a droplet's own. One that covers other droplets too would be changed for all of them, and what a firewall
 * lets in may be more than fleet.yaml can say: such ones stay as they are, and are told.
 *
 * @param port of the droplet's sshd
 */
export function coveringFirewall(
  firewalls: readonly Firewall[],
  droplet: number,
  port: number,
): { readonly firewall?: FoundFirewall; readonly left: readonly string[] } {
  const [only, ...others] = firewalls;
  if (only === undefined) return { left: [] };
  if (others.length > 0) {
    const names = firewalls.map(({ name }) => name).join(", ");
    return { left: [`the firewalls ${names}: they cover it together, and stay as they are`] };
  }
  const isShared = sharedBy(only, droplet);
  if (isShared !== undefined)
    return { left: [`the firewall ${only.name}: it ${isShared}, and stays as it is`] };
  const firewall = declared(only, port);
  if (firewall !== undefined) return { firewall, left: [] };
  return { left: [`the firewall ${only.name}: it lets in what fleet.yaml cannot say, and stays as it is`] };
}

function sharedBy({ droplet_ids, tags }: Firewall, droplet: number): string | undefined {
  const others = (droplet_ids ?? []).filter((id) => id !== droplet);
  if (others.length > 0) return `covers other droplets as well (${others.join(", ")})`;
  return tags && tags.length > 0 ? `covers every droplet with the tag ${tags.join(" or ")}` : undefined;
}

/** @returns undefined where something of it has no place in fleet.yaml */
function declared({ id, name, inbound_rules }: Firewall, port: number): FoundFirewall | undefined {
  const rules = (inbound_rules ?? []).map(({ protocol, ports = "", sources }): OpenPort | undefined => {
    const isPlain = /^[1-9]\d{0,4}(-\d{1,5})?$/.test(ports);
    const peers = Object.entries(sources).filter(([, value]) => value && value.length > 0);
    const isByAddress = peers.length === 1 && peers[0]?.[0] === "addresses";
    if (!hasPorts(protocol) || !isPlain || !isByAddress) return undefined;
    return { port: ports, protocol, from: (sources["addresses"] ?? []).map(String) };
  });
  const sound = rules.filter((rule) => rule !== undefined);
  const isSsh = (rule: OpenPort) => rule.protocol === "tcp" && rule.port === `${port}`;
  const [ssh, ...more] = sound.filter(isSsh);
  if (sound.length < rules.length || ssh === undefined || more.length > 0) return undefined;
  return { id, name, sshFrom: ssh.from, open: sound.filter((rule) => !isSsh(rule)) };
}

function hasPorts(protocol: string): protocol is OpenPort["protocol"] {
  return protocol === "tcp" || protocol === "udp";
}
