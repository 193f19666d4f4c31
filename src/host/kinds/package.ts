import { MusterError } from "../../base/errors.ts";
import type { Observation, PackageItem } from "../../model/items.ts";
import type { Result } from "../run.ts";
import type { Kind, Scene, Subject } from "./kind.ts";

/** Seconds for a download and its installation. */
const PATIENCE = 600;

/** A Debian package. It stays when its resource is removed: others may use it by then. */
export const debianPackage: Kind<PackageItem> = {
  observe,
  converge: ({ host }, { item }) => {
    const install = () => host.run("apt-get", INSTALL.concat(item.name), { timeout: PATIENCE });
    if (install().status === 0) return;
    // The lists may be too old, or were never there.
    host.run("apt-get", ["update", "-q"], { timeout: PATIENCE });
    const second = install();
    if (second.status !== 0) throw failed(item.name, second);
  },
  remove: () => [],
};

const INSTALL = ["install", "-y", "-q", "--no-install-recommends", "--"];

function observe({ host }: Scene, subjects: readonly Subject<PackageItem>[]): Observation[] {
  const names = subjects.map(({ item }) => item.name);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query fills these in
  const query = ["--show", "--showformat=${Package} ${db:Status-Status}\\n", "--"];
  const { status, stdout, stderr } = host.run("dpkg-query", [...query, ...names]);
  // 1: some of them are not known, which is an answer; anything else is a failure.
  if (status !== 0 && status !== 1)
    return names.map(() => ({ unknown: stderr.trim() || "dpkg-query failed" }));
  const installed = new Set(stdout.split("\n"));
  return names.map((name) => ({ props: { present: installed.has(`${name} installed`) } }));
}

function failed(name: string, { stderr }: Result): MusterError {
  const last = stderr.trim().split("\n").slice(-3).join(" ");
  return new MusterError({ what: `package ${name} was not installed`, why: last || "apt-get failed" });
}
