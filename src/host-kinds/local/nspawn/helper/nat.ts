import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { execa } from "execa";
import { MusterError } from "../../../../base/errors.ts";

/** The nftables table of Muster. No other program uses this table, so the rules of other programs are not changed. */
const TABLE = "muster";

/**
 * The mark for packets from hosts. The masquerading rule needs this mark, because the rule cannot match the interface
 * from which a packet came.
 */
const MARK = "0x6d757374";

/**
 * A documentation address (RFC 5737) for a test packet that never leaves this machine. The table counts and drops this
 * packet after all rules for forwarded packets.
 */
const NOWHERE = "192.0.2.1";

const FORWARDING = "/proc/sys/net/ipv4/ip_forward";

/** A file that exists if IP forwarding was disabled before the first local host was booted. */
const WAS_OFF = "/run/muster/forwarding-was-off";

/**
 * Gives the hosts on the bridge access to the networks of this machine. Agents need this access for their providers,
 * and apt needs it for its mirror. Other machines see only the address of this machine, and cannot connect to the
 * hosts.
 */
export async function openNat(bridge: string): Promise<void> {
  await nft(`table ip ${TABLE}
delete table ip ${TABLE}
table ip ${TABLE} {
  chain out {
    type nat hook postrouting priority srcnat
    meta mark ${MARK} masquerade
  }
  chain through {
    type filter hook forward priority mangle
    iifname "${bridge}" oifname != "${bridge}" meta mark set ${MARK}
    oifname "${bridge}" iifname != "${bridge}" ct state != { established, related } drop
  }
  chain forwarded {
    type filter hook postrouting priority mangle
    ip daddr ${NOWHERE} meta mark ${MARK} counter drop
  }
}
`);
  if (readFileSync(FORWARDING, "utf8").trim() === "1") return;
  writeFileSync(WAS_OFF, "");
  writeFileSync(FORWARDING, "1");
}

/** Reverts `openNat`. */
export async function closeNat(): Promise<void> {
  await nft(`table ip ${TABLE}\ndelete table ip ${TABLE}\n`);
  if (!existsSync(WAS_OFF)) return;
  writeFileSync(FORWARDING, "0");
  rmSync(WAS_OFF);
}

/**
 * Sends one packet from a host's network to another network, and checks that this machine forwards the packet.
 *
 * @param pid a process in the host's network namespace
 * @returns a sentence if a firewall of this machine drops the packet; undefined if no firewall drops it, or if this
 *   machine has no route to other networks
 */
export async function findDroppingFirewall(bridge: string, pid: number): Promise<string | undefined> {
  const route = await execa("ip", ["route", "get", NOWHERE], { reject: false });
  if (route.exitCode !== 0) return undefined;
  const before = await forwardedPackets();
  const send = `require("node:dgram").createSocket("udp4").send("", 9, "${NOWHERE}", () => process.exit())`;
  const sent = await execa("nsenter", [`--net=/proc/${pid}/ns/net`, process.execPath, "-e", send], {
    reject: false,
    timeout: 5000,
  });
  if (sent.exitCode !== 0 || (await forwardedPackets()) > before) return undefined;
  const chains = await droppingChains();
  const who =
    chains.length === 0 ? "a firewall on this machine" : `this machine's firewall (${chains.join(", ")})`;
  return (
    `${who} drops the packets of local hosts, so their agents and apt reach no other network: allow what comes ` +
    `from and goes to the interface ${bridge}. With Docker, run \`iptables -I DOCKER-USER -i ${bridge} -j ACCEPT\` ` +
    `and \`iptables -I DOCKER-USER -o ${bridge} -j ACCEPT\`.`
  );
}

async function forwardedPackets(): Promise<number> {
  const { stdout } = await execa("nft", ["list", "chain", "ip", TABLE, "forwarded"], { reject: false });
  return Number(/counter packets (\d+)/.exec(stdout)?.[1] ?? 0);
}

/** Returns the chains of other programs that drop a forwarded packet unless a rule accepts it. */
async function droppingChains(): Promise<string[]> {
  const { stdout } = await execa("nft", ["--json", "list", "chains"], { reject: false });
  const { nftables = [] } = JSON.parse(stdout || "{}") as { nftables?: { chain?: NftChain }[] };
  return nftables.flatMap(({ chain }) =>
    chain?.hook === "forward" && chain.policy === "drop" ? [`table ${chain.table}, chain ${chain.name}`] : [],
  );
}

interface NftChain {
  readonly table: string;
  readonly name: string;
  readonly hook?: string;
  readonly policy?: string;
}

async function nft(script: string): Promise<void> {
  const { exitCode, stderr } = await execa("nft", ["-f", "-"], { input: script, reject: false });
  if (exitCode === 0) return;
  throw new MusterError({
    what: "the network of local hosts cannot be changed",
    why: `nft reported: ${stderr.split("\n")[0] || "nothing"}`,
    next: "Check that this machine's kernel supports nf_tables.",
  });
}
