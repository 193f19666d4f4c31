import { execa } from "execa";

export interface Mirror {
  /**
   * The URL of the archive. Absent if apt uses no Debian archive. In that case, debootstrap uses Debian's own archive.
   */
  readonly url?: string;
  /** The environment variables `http_proxy` and `https_proxy`; empty if apt uses no proxy. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Finds the Debian archive that apt uses on this machine. Queries apt itself, so the format of its source files does
 * not matter.
 */
export async function debianMirror(): Promise<Mirror> {
  const format = ["--format", "$(SITE)|$(COMPONENT)|$(RELEASE)", "Created-By: Packages"];
  const targets = await execa("apt-get", ["indextargets", ...format], { reject: false });
  const lines = targets.exitCode === 0 ? targets.stdout.split("\n").map((line) => line.split("|")) : [];
  const main = lines.find(([site, component]) => component === "main" && isDebianArchive(site ?? ""));
  const url = main?.[0];
  return { ...(url !== undefined && { url }), env: await proxy() };
}

/**
 * Whether a URL belongs to a mirror of Debian's main archive. Such a URL ends with `debian`, unlike the URLs of the
 * security archive or of ports.
 */
function isDebianArchive(site: string): boolean {
  return /^https?:\/\/.*\/debian\/?$/.test(site);
}

async function proxy(): Promise<Record<string, string>> {
  const script = ["shell", "http_proxy", "Acquire::http::Proxy", "https_proxy", "Acquire::https::Proxy"];
  const { stdout = "" } = await execa("apt-config", script, { reject: false });
  const pairs = [...stdout.matchAll(/^(\w+)='([^']*)'$/gm)].map(([, name = "", value = ""]) => [name, value]);
  return Object.fromEntries(pairs);
}
