import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";

export const ROOT = join(import.meta.dirname, "..", "..", "..");

/** The last commit in which each part of an agent was a separate resource. */
const FORMER = "0aadff250cb27fe9f2a81bda5fa3986d2cb5c085";

/**
 * Builds an earlier version of Muster from this repository's history. That version has a separate resource for each
 * part of an agent.
 *
 * @param folder an empty folder, which becomes the root of the package
 */
export async function buildFormer(folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const known = await execa("git", ["cat-file", "-e", FORMER], { cwd: ROOT, reject: false });
  if (known.exitCode !== 0) throw new Error(`this clone lacks ${FORMER}: run \`git fetch --unshallow\``);
  const archive = await execa("git", ["archive", FORMER], { cwd: ROOT, encoding: "buffer" });
  await execa("tar", ["-x", "-C", folder], { input: archive.stdout });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  await execa(process.execPath, ["scripts/build.ts"], { cwd: folder });
  return folder;
}
