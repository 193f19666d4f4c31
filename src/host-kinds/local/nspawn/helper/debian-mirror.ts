import { execa } from "execa";

export interface Mirror {
  /** Left out if apt has no Debian archive. debootstrap then uses Debian's own archive. */
  readonly url?: string;
  /** `http_proxy` and `https_proxy`, if apt uses a proxy. */
  readonly env: Readonly<Record<string, string>>;
}

/** Finds the Debian archive that this machine's apt uses, in any format of its sources. */
export async function debianMirror(): Promise<Mirror> {
  const format = ["--format", "$(SITE)|$(COMPONENT)|$(RELEASE)", "Created-By: Packages"];
  const targets = await execa("apt-get", ["indextargets", ...format], { reject: false });
  const lines = targets.exitCode === 0 ? targets.stdout.split("\n").map((line) => line.split("|")) : [];
  const main = lines.find(([site, component]) => component === "main" && isDebianArchive(site ?? ""));
  const url = main?.[0];
  return { ...(url !== undefined && { url }), env: await proxy() };
}

/** Whether a URL is a mirror of the main archive, which ends with `debian`, and not of security or ports. */
function isDebianArchive(site: string): boolean {
  return /^https?:\/\/.*\/debian\/?$/.test(site);
}

async function proxy(): Promise<Record<string, string>> {
  const script = ["shell", "http_proxy", "Acquire::http::Proxy", "https_proxy", "Acquire::https::Proxy"];
  const { stdout = "" } = await execa("apt-config", script, { reject: false });
  const pairs = [...stdout.matchAll(/^(\w+)='([^']*)'$/gm)].map(([, name = "", value = ""]) => [name, value]);
  return Object.fromEntries(pairs);
}
