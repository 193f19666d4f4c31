import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { execa } from "execa";
import { MusterError } from "../../../../base/errors.ts";

/** Muster's own nftables table, so that the rules of other programs are not changed. */
const TABLE = "muster";

/** Marks packets from hosts, because the masquerading rule cannot see which interface a packet came from. */
const MARK = "0x6d757374";

const FORWARDING = "/proc/sys/net/ipv4/ip_forward";

/** A file that exists if IP forwarding was disabled before the first local host was booted. */
const WAS_OFF = "/run/muster/forwarding-was-off";

/**
 * Gives the hosts on the bridge access to this machine's networks, because agents need their providers and
 * apt needs its mirror. The hosts use this machine's address, and other machines cannot connect to them.
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

async function nft(script: string): Promise<void> {
  const { exitCode, stderr } = await execa("nft", ["-f", "-"], { input: script, reject: false });
  if (exitCode === 0) return;
  throw new MusterError({
    what: "the network of local hosts cannot be changed",
    why: `nft reported: ${stderr.split("\n")[0] || "nothing"}`,
    next: "Check that this machine's kernel supports nf_tables.",
  });
}
