import type { Fleet } from "../config/fleet.ts";
import type { Declaration } from "../model/declaration.ts";
import { INBOX_ACCOUNT, INBOX_FOLDER, inboxRootCommand } from "../model/gate-account.ts";
import { type InboxSender, inboxReference, peersReference } from "../model/handoff-peers.ts";
import { PEERS_FILE, SUDOERS_DIR } from "../model/host-paths.ts";
import { AS_DECLARED, type FileItem, type Items } from "../model/items.ts";
import { handoffsId, hostId } from "../model/resource-id.ts";
import type { Compiler, ResourceDefinition } from "./definition.ts";
import { formerIds } from "./former-ids.ts";
import { rootFile, rootFolder } from "./root-files.ts";
import { agentsWithQueue } from "./routing-items.ts";

/**
 * The handoffs between a host and other hosts: the addresses and keys of the hosts to which this host hands tasks off,
 * and the account to which other hosts log in. This resource exists only if a tenant has agents with a queue on several
 * hosts, and on the relays of these hosts.
 */
export const handoffs: ResourceDefinition = {
  type: "Handoffs",
  declare: (fleet, compiler) => {
    const all = connections(fleet);
    return Object.keys(fleet.hosts).flatMap((host) => {
      const own = all.filter(({ from, to, relay }) => [from, to, relay].includes(host));
      return own.length === 0 ? [] : [declare(fleet, host, own, compiler)];
    });
  },
};

/** Whether other hosts log in to a host to hand tasks off. */
export function hasInbox(fleet: Fleet, host: string): boolean {
  return connections(fleet).some(({ to, relay }) => [to, relay].includes(host));
}

/** A connection from one host to another host, for the agents of a tenant. */
interface Connection {
  readonly from: string;
  readonly to: string;
  readonly tenant: string;
  /** The host through which the connection leads. */
  readonly relay?: string;
}

function connections(fleet: Fleet): Connection[] {
  const byTenant = Map.groupBy(agentsWithQueue(fleet), ({ tenant }) => tenant);
  return [...byTenant].flatMap(([tenant, agents]) => {
    const hosts = [...new Set(agents.map(({ host }) => host))];
    return hosts.flatMap((from) =>
      hosts.flatMap((to) => (from === to ? [] : [{ from, to, tenant, ...relayOf(fleet, from, to) }])),
    );
  });
}

/** Returns the relay of a connection. A relay itself connects directly. */
function relayOf(fleet: Fleet, from: string, to: string): Pick<Connection, "relay"> {
  const relay = fleet.hosts[to]?.handoff?.relay;
  return relay === undefined || relay === from ? {} : { relay };
}

function declare(fleet: Fleet, host: string, own: readonly Connection[], compiler: Compiler): Declaration {
  const others = new Set(own.flatMap(({ from, to, relay = to }) => [from, to, relay]));
  others.delete(host);
  return {
    type: "Handoffs",
    id: handoffsId(host),
    host,
    needs: [hostId(host)],
    after: [...others].map(hostId),
    formerly: formerIds(fleet, host, { name: host, formerly: [] }, (one) => handoffsId(one)),
    protect: false,
    items: { ...outgoing(fleet, host, own), ...inbox(fleet, host, own, compiler) },
  };
}

function outgoing(fleet: Fleet, host: string, own: readonly Connection[]): Items {
  const sent = own.filter(({ from }) => from === host);
  if (sent.length === 0) return {};
  const names = new Set(sent.flatMap(({ to, relay = to }) => [to, relay]));
  const peers = Object.fromEntries(
    [...names].map((name) => [name, routeTo(fleet, name, sent.find(({ to }) => to === name)?.relay)]),
  );
  return {
    "ssh client": { kind: "package", name: "openssh-client", want: { present: true } },
    peers: knownFile(PEERS_FILE, peersReference({ self: host, peers }), "0600"),
  };
}

function inbox(fleet: Fleet, host: string, own: readonly Connection[], compiler: Compiler): Items {
  const senders = sendersTo(host, own);
  if (senders.length === 0) return {};
  const relayed = Object.fromEntries(
    senders.flatMap(({ opens = [] }) => opens.map((name) => [name, routeTo(fleet, name)])),
  );
  const commands = senders.map(inboxRootCommand).join(", \\\n  ");
  const rule = `${INBOX_ACCOUNT} ALL=(root:root) NOPASSWD: ${commands}\n`;
  const account = { present: true, group: INBOX_ACCOUNT, home: INBOX_FOLDER, shell: "/bin/sh" } as const;
  return {
    "inbox group": { kind: "group", name: INBOX_ACCOUNT, want: { present: true } },
    "inbox account": { kind: "user", name: INBOX_ACCOUNT, system: true, want: account },
    "inbox folder": rootFolder(INBOX_FOLDER, "root", "0755"),
    "inbox key folder": rootFolder(`${INBOX_FOLDER}/.ssh`, "root", "0755"),
    // sshd reads this file as the account.
    "inbox keys": knownFile(
      `${INBOX_FOLDER}/.ssh/authorized_keys`,
      inboxReference({ senders, relayed }),
      "0644",
    ),
    "inbox rights": rootFile(`${SUDOERS_DIR}/${INBOX_ACCOUNT}`, compiler.keep(rule), "0440"),
  };
}

/** Returns the senders that log in to a host, to hand tasks off to its agents or to connect through it. */
function sendersTo(host: string, own: readonly Connection[]): InboxSender[] {
  const incoming = own.filter(({ to, relay }) => [to, relay].includes(host));
  const bySender = Map.groupBy(incoming, ({ from, tenant }) => `${from}/${tenant}`);
  return [...bySender.values()].flatMap((connections) => {
    const [{ from, tenant } = { from: "", tenant: "" }] = connections;
    const opens = connections.flatMap(({ to, relay }) => (relay === host ? [to] : []));
    return [{ host: from, tenant, ...(opens.length > 0 && { opens }) }];
  });
}

function routeTo(fleet: Fleet, host: string, relay?: string) {
  const { address, port } = fleet.hosts[host]?.handoff ?? {};
  return {
    ...(address !== undefined && { address }),
    ...(port !== undefined && { port }),
    ...(relay !== undefined && { relay }),
  };
}

/** Returns a file of root whose content only the provider knows. */
function knownFile(path: string, reference: string, mode: string): FileItem {
  const want = { type: "file", content: AS_DECLARED, owner: "root", group: "root", mode } as const;
  return { kind: "file", path, secret: reference, want };
}
