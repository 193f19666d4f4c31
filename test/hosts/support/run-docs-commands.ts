import { readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import type { CommandResult } from "./project.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");

/** A shell function that replaces `npx PROGRAM`, so that npm is not started before every command. */
const NPX = `npx() { program=$1; shift; "${join(ROOT, "bin")}/$program" "$@"; }`;

/**
 * Runs the commands of a docs page exactly as written. The first command that fails ends the run.
 *
 * @param name the name of the comment before the indented block
 * @param own this test's values, by the example values on the page that they replace
 */
export async function runDocs(
  page: string,
  name: string,
  options: { cwd: string; env: Readonly<Record<string, string>>; own: Readonly<Record<string, string>> },
): Promise<CommandResult> {
  const text = readFileSync(join(ROOT, "docs", page), "utf8");
  const block = new RegExp(`<!-- ${name} -->\\n+((?: {4}.*\\n)+)`).exec(text)?.[1];
  if (block === undefined) throw new Error(`docs/${page} has no commands after <!-- ${name} -->`);
  const commands = Object.entries(options.own).reduce((all, [from, to]) => all.replaceAll(from, to), block);
  const { exitCode, stdout, stderr, all } = await execa("sh", ["-euc", `${NPX}\n${commands}`], {
    cwd: options.cwd,
    all: true,
    reject: false,
    extendEnv: false,
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: process.env["HOME"] ?? "",
      MUSTER_OFFLINE: "1",
      PULUMI_OPTION_COLOR: "never",
      ...options.env,
    },
  });
  return { exitCode, stdout, stderr, all };
}
