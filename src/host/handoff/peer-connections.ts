import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { INBOX_ACCOUNT } from "../../model/gate-account.ts";
import { type HandoffPeer, type HandoffPeers, hostAndPort } from "../../model/handoff-peers.ts";
import { PEERS_FILE, STATE_DIR } from "../../model/host-paths.ts";
import type { Host } from "../context.ts";
import { readOwn } from "../store/state-files.ts";
import { ENVIRONMENT } from "../system/run-program.ts";
import type { PeerRequest } from "./receive-from-peer.ts";

/** Seconds after which a connection to another host is closed. */
const PATIENCE = 90;

/** The maximum size in bytes of an answer. */
const MOST_ANSWER = 4 * 1024 * 1024;

/** Connections to the inboxes of other hosts, as one tenant of this host. */
export interface PeerConnections {
  /** Sends a request. @throws Error with the reason if the host cannot be reached, or refuses the request */
  ask(peer: string, request: PeerRequest): Promise<unknown>;
  /** Deletes the key of the tenant. */
  close(): void;
}

/**
 * Connects as a tenant of this host. The tenant's key is created for one delivery, and only root can read it. This
 * host's SSH host key, which `up` has pinned, certifies the key. The private key never leaves this host.
 */
export function peerConnections(host: Host, tenant: string): PeerConnections {
  let identity: Identity | undefined;
  return {
    async ask(peer, request) {
      const known = readPeers(host);
      const place = known.peers[peer];
      const relay = place?.relay === undefined ? undefined : known.peers[place.relay];
      if (place === undefined || (place.relay !== undefined && relay === undefined)) {
        const missing = place?.relay ?? peer;
        throw new Error(`this host does not know the address of ${missing} yet: run \`npx pulumi up\``);
      }
      identity ??= makeIdentity(host, tenant, known);
      const args = sshArguments(identity, peer, place, relay && { name: place.relay ?? "", ...relay });
      return answerOf(peer, await run("ssh", args, JSON.stringify(request), peer));
    },
    close: () => identity && rmSync(identity.folder, { recursive: true, force: true }),
  };
}

function readPeers(host: Host): HandoffPeers {
  const text = readOwn(PEERS_FILE.replace(STATE_DIR, host.paths.state))?.toString("utf8");
  return text === undefined ? { ownKeys: [], peers: {} } : (JSON.parse(text) as HandoffPeers);
}

/** The certified key of a tenant, and the keys of all known hosts. */
interface Identity {
  readonly folder: string;
  readonly key: string;
  readonly certificate: string;
  readonly knownHosts: string;
}

function makeIdentity(host: Host, tenant: string, { ownKeys, peers }: HandoffPeers): Identity {
  const signer = signingKey(host, ownKeys);
  const parent = `${host.paths.hostdView}/keys`;
  mkdirSync(parent, { recursive: true, mode: 0o700 });
  removeStale(parent);
  const folder = mkdtempSync(join(parent, `${process.pid}-`));
  const key = join(folder, "key");
  const keygen = (...args: string[]) => {
    const { status, stderr } = host.run("ssh-keygen", ["-q", ...args]);
    if (status !== 0) throw new Error(`ssh-keygen failed: ${stderr.trim()}`);
  };
  keygen("-t", "ed25519", "-N", "", "-C", "", "-f", key);
  // The certificate has no dates, because the clocks of two hosts can differ.
  keygen("-s", signer, "-I", `muster-${tenant}`, "-n", tenant, "-V", "always:forever", `${key}.pub`);
  const knownHosts = join(folder, "known_hosts");
  const lines = Object.entries(peers).flatMap(([name, { hostKeys }]) =>
    hostKeys.map((one) => `${name} ${one}\n`),
  );
  writeFileSync(knownHosts, lines.join(""), { mode: 0o600 });
  return { folder, key, certificate: `${key}-cert.pub`, knownHosts };
}

/** Removes the keys of deliveries that were killed. */
function removeStale(parent: string): void {
  for (const name of readdirSync(parent))
    if (!existsSync(`/proc/${Number.parseInt(name, 10)}`))
      rmSync(join(parent, name), { recursive: true, force: true });
}

/** Finds the host key of this host that is pinned, so that other hosts accept its certificates. */
function signingKey(host: Host, pinned: readonly string[]): string {
  const folder = `${host.paths.etc}/ssh`;
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const found = names.find((name) => {
    if (!/^ssh_host_\w+_key\.pub$/.test(name)) return false;
    const [type, key] = readFileSync(join(folder, name), "utf8").split(" ");
    return pinned.includes(`${type} ${key?.trim()}`);
  });
  if (found !== undefined) return join(folder, found.slice(0, -".pub".length));
  throw new Error(`no SSH host key in ${folder} is the key that Muster has pinned: run \`npx pulumi up\``);
}

function sshArguments(
  identity: Identity,
  name: string,
  { address, port }: HandoffPeer,
  relay: (HandoffPeer & { readonly name: string }) | undefined,
): string[] {
  const options = (alias: string) => [
    ...["-F", "none", "-T", "-i", identity.key],
    ...Object.entries({
      CertificateFile: identity.certificate,
      UserKnownHostsFile: identity.knownHosts,
      GlobalKnownHostsFile: "/dev/null",
      HostKeyAlias: alias,
      StrictHostKeyChecking: "yes",
      IdentitiesOnly: "yes",
      IdentityAgent: "none",
      BatchMode: "yes",
      LogLevel: "ERROR",
      ConnectTimeout: "10",
      ServerAliveInterval: "5",
      ServerAliveCountMax: "3",
    }).flatMap(([key, value]) => ["-o", `${key}=${value}`]),
  ];
  const target = ["-p", String(port), `${INBOX_ACCOUNT}@${address}`];
  if (relay === undefined) return [...options(name), ...target];
  // The words contain no character that the shell changes. ssh replaces %% by %.
  const through = [...options(relay.name), "-p", String(relay.port), "-W", hostAndPort(address, port)];
  const command = ["ssh", ...through, `${INBOX_ACCOUNT}@${relay.address}`].join(" ").replaceAll("%", "%%");
  return [...options(name), "-o", `ProxyCommand=${command}`, ...target];
}

function run(program: string, args: readonly string[], input: string, peer: string): Promise<string> {
  const limits = { maxBuffer: MOST_ANSWER, timeout: PATIENCE * 1000, killSignal: "SIGKILL" } as const;
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      [...args],
      { ...limits, env: ENVIRONMENT, cwd: "/" },
      (error, stdout, stderr) => {
        const last = stderr.trim().split("\n").at(-1);
        const why = error?.killed ? `no answer within ${PATIENCE} s` : last || error?.message;
        if (error === null) resolve(stdout);
        else reject(new Error(`${peer}: ${why}`));
      },
    );
    // ssh can end before it has read its input.
    child.stdin?.on("error", () => {});
    child.stdin?.end(input);
  });
}

function answerOf(peer: string, text: string): unknown {
  let answer: { readonly answer?: unknown; readonly error?: unknown } | null;
  try {
    answer = JSON.parse(text);
  } catch {
    throw new Error(`${peer}: its answer is incomplete`);
  }
  if (typeof answer?.error === "string") throw new Error(`${peer}: ${answer.error}`);
  return answer?.answer ?? {};
}
