import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { execa } from "execa";
import { MusterError } from "../../../../base/errors.ts";

/** Our own table: what other programs set up stays theirs. */
const TABLE = "muster";

/** On what comes from a host: where an address is changed, nobody can tell any more where a packet came in. */
const MARK = "0x6d757374";

const FORWARDING = "/proc/sys/net/ipv4/ip_forward";

/** Says that this machine forwarded nothing before the first local host was booted. */
const WAS_OFF = "/run/muster/forwarding-was-off";

/**
 * Lets hosts on the bridge reach what this machine reaches, under its address: agents need their providers, and apt
 * its mirror. Nobody outside can open a connection to a host.
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

/** Takes all of it back. */
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
    what: "the network of local hosts",
    why: `nft says: ${stderr.split("\n")[0] || "nothing"}`,
    next: "Check that this machine's kernel has nf_tables.",
  });
}
