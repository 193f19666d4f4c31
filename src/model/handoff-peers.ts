/** How other hosts reach a host to hand tasks off, as fleet.yaml declares it. */
export interface HandoffRoute {
  /** If absent, the address at which Muster reaches the host. */
  readonly address?: string;
  readonly port?: number;
  /** The host through which all other hosts connect. If absent, they connect directly. */
  readonly relay?: string;
}

/** The facts about a host that `up` learns when it reaches the host. */
export interface KnownPeer {
  readonly address: string;
  readonly port?: number;
  /** The public keys of the host's SSH server, such as `ssh-ed25519 AAAA…`. */
  readonly hostKeys: readonly string[];
}

/** The content of PEERS_FILE: the hosts to which this host hands tasks off. Only root can read the file. */
export interface HandoffPeers {
  /** The pinned keys of this host. This host signs its certificates with one of them. */
  readonly ownKeys: readonly string[];
  readonly peers: Readonly<Record<string, HandoffPeer>>;
}

export interface HandoffPeer {
  readonly address: string;
  readonly port: number;
  readonly hostKeys: readonly string[];
  readonly relay?: string;
}

/** The declaration of PEERS_FILE. */
export interface PeersDeclaration {
  readonly self: string;
  readonly peers: Readonly<Record<string, HandoffRoute>>;
}

/** The declaration of the keys that can log in to the inbox of a host. */
export interface InboxDeclaration {
  readonly senders: readonly InboxSender[];
  /** The hosts to which this host relays connections. */
  readonly relayed: Readonly<Record<string, HandoffRoute>>;
}

/** A tenant on another host. */
export interface InboxSender {
  readonly host: string;
  readonly tenant: string;
  /** The hosts to which this sender can connect through this host. */
  readonly opens?: readonly string[];
}

/** Returns what is known about a host; undefined if the host was never reached. */
export type FindPeer = (host: string) => KnownPeer | undefined;

/** The schemes of the references to the two files. Only the provider knows the addresses and keys in these files. */
const SCHEMES = { peers: "peers", inbox: "inbox" } as const;

/** Returns the reference in a declaration. Such a reference names no secret. */
export function peersReference(declared: PeersDeclaration): string {
  return `${SCHEMES.peers}:${JSON.stringify(declared)}`;
}

export function inboxReference(declared: InboxDeclaration): string {
  return `${SCHEMES.inbox}:${JSON.stringify(declared)}`;
}

/** Returns the text of PEERS_FILE. Hosts that were never reached are missing. @param words the reference's JSON */
export function peersText(words: string, find: FindPeer): string {
  const { self, peers } = JSON.parse(words) as PeersDeclaration;
  const known = Object.entries(peers).flatMap(([name, route]) => {
    const place = placeOf(name, route, find);
    const { relay } = route;
    return place === undefined ? [] : [[name, { ...place, ...(relay !== undefined && { relay }) }] as const];
  });
  const content: HandoffPeers = { ownKeys: find(self)?.hostKeys ?? [], peers: Object.fromEntries(known) };
  return `${JSON.stringify(content, null, 2)}\n`;
}

/**
 * Returns the text of the inbox's authorized_keys. A sender logs in with a certificate that its own host has signed
 * with its SSH host key, and that contains the name of the tenant. Each line allows one command and nothing else.
 *
 * @param words the reference's JSON
 * @param command returns the command of a sender
 */
export function inboxText(words: string, find: FindPeer, command: (sender: InboxSender) => string): string {
  const { senders, relayed } = JSON.parse(words) as InboxDeclaration;
  const lines = senders.flatMap((sender) => {
    const { host, tenant, opens = [] } = sender;
    const places = opens.flatMap((name) => placeOf(name, relayed[name] ?? {}, find) ?? []);
    const forwarding = places.map(({ address, port }) => `permitopen="${hostAndPort(address, port)}"`);
    const options = [
      ...["restrict", "cert-authority", `principals="${tenant}"`, `command="${command(sender)}"`],
      ...(forwarding.length > 0 ? ["port-forwarding", ...forwarding] : []),
    ].join(",");
    return (find(host)?.hostKeys ?? []).map((key) => `${options} ${key}\n`);
  });
  return `# The hosts that hand tasks off to agents on this host. Written by Muster.\n${lines.join("")}`;
}

/** Returns an address and a port as ssh writes them. */
export function hostAndPort(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** The characters of an address. Other characters could change the meaning of an ssh option. */
const ADDRESS = /^[A-Za-z0-9_:][A-Za-z0-9_.:%-]{0,254}$/;

function placeOf(name: string, route: HandoffRoute, find: FindPeer): Omit<HandoffPeer, "relay"> | undefined {
  const known = find(name);
  const address = route.address ?? known?.address;
  if (known === undefined || known.hostKeys.length === 0 || !ADDRESS.test(address ?? "")) return undefined;
  return { address: address ?? "", port: route.port ?? known.port ?? 22, hostKeys: known.hostKeys };
}
