import { execa } from "execa";

export interface Mirror {
  /** Left out where apt knows no Debian archive (other distributions): debootstrap then takes Debian's own. */
  readonly url?: string;
  /** `http_proxy` and `https_proxy`, where apt uses one. */
  readonly env: Readonly<Record<string, string>>;
}

/** The Debian archive that this machine's apt is set up for, in whichever form its sources are written. */
export async function debianMirror(): Promise<Mirror> {
  const format = ["--format", "$(SITE)|$(COMPONENT)|$(RELEASE)", "Created-By: Packages"];
  const targets = await execa("apt-get", ["indextargets", ...format], { reject: false });
  const lines = targets.exitCode === 0 ? targets.stdout.split("\n").map((line) => line.split("|")) : [];
  const main = lines.find(([site, component]) => component === "main" && isDebianArchive(site ?? ""));
  const url = main?.[0];
  return { ...(url !== undefined && { url }), env: await proxy() };
}

/** Mirrors keep the archive's last folder name; security and ports have others. */
function isDebianArchive(site: string): boolean {
  return /^https?:\/\/.*\/debian\/?$/.test(site);
}

async function proxy(): Promise<Record<string, string>> {
  const script = ["shell", "http_proxy", "Acquire::http::Proxy", "https_proxy", "Acquire::https::Proxy"];
  const { stdout = "" } = await execa("apt-config", script, { reject: false });
  const pairs = [...stdout.matchAll(/^(\w+)='([^']*)'$/gm)].map(([, name = "", value = ""]) => [name, value]);
  return Object.fromEntries(pairs);
}
