import type { OpenPort } from "../../../config/open-port.ts";

/** A firewall in the API's response: https://docs.digitalocean.com/reference/api/ */
export interface Firewall {
  readonly id: string;
  readonly name: string;
  readonly droplet_ids?: readonly number[] | null;
  readonly tags?: readonly string[] | null;
  readonly inbound_rules?: readonly InboundRule[] | null;
}

interface InboundRule {
  readonly protocol: string;
  /** One port or a range. `0` means all ports. */
  readonly ports?: string;
  readonly sources: Readonly<Record<string, readonly unknown[] | null | undefined>>;
}

/** An existing firewall, described by the settings that fleet.yaml uses. */
export interface FoundFirewall {
  readonly id: string;
  readonly name: string;
  readonly sshFrom: readonly string[];
  readonly open: readonly OpenPort[];
}

/**
 * Finds the firewall that can be adopted with a droplet. `left` contains a sentence for each firewall that cannot be
 * adopted, with the reason. Examples of reasons: the firewall also covers other droplets, or fleet.yaml cannot express
 * its rules.
 *
 * @param port the port of the droplet's sshd
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
    return {
      left: [`the firewalls ${names}: several firewalls cover the droplet, so they are left unchanged`],
    };
  }
  const isShared = sharedBy(only, droplet);
  if (isShared !== undefined)
    return { left: [`the firewall ${only.name}: it ${isShared}, so it is left unchanged`] };
  const firewall = declared(only, port);
  if (firewall !== undefined) return { firewall, left: [] };
  return {
    left: [`the firewall ${only.name}: fleet.yaml cannot express its rules, so it is left unchanged`],
  };
}

function sharedBy({ droplet_ids, tags }: Firewall, droplet: number): string | undefined {
  const others = (droplet_ids ?? []).filter((id) => id !== droplet);
  if (others.length > 0) return `covers other droplets as well (${others.join(", ")})`;
  return tags && tags.length > 0 ? `covers every droplet with the tag ${tags.join(" or ")}` : undefined;
}

/**
 * Describes a firewall by the settings that fleet.yaml uses.
 *
 * @returns undefined if fleet.yaml cannot express the rules of the firewall
 */
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
