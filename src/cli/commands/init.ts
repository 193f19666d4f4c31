import { mkdirSync } from "node:fs";
import { basename, relative, resolve } from "node:path";
import { InvalidError } from "../../base/errors.ts";
import { visible } from "../../base/terminal-text.ts";
import type { CommandDefinition } from "../command.ts";
import { nextSteps } from "../init/next-steps.ts";
import { writeManifest } from "../init/package-json.ts";
import { writePassphrase } from "../init/passphrase.ts";
import { FORGES, type InitFile, writeTemplates } from "../init/templates.ts";

export const command: CommandDefinition = {
  usage: "init [dir]",
  summary: "create a fleet's repository: fleet.yaml, Pulumi.yaml, package.json and the files that they need",
  options: { "--forge <name>": "the forge to write workflows for: github (the default) or gitea" },
  async run({ args, options, io }) {
    const forge = forgeIn(options["forge"]);
    const dir = resolve(args[0] ?? ".");
    mkdirSync(dir, { recursive: true });
    const name = fleetName(dir);
    // package.json must be written before Pulumi.yaml. A run that was killed between these two steps can then be
    // repeated.
    const manifest = writeManifest(dir, name);
    const files = [manifest, ...writeTemplates(dir, name, forge), ...writePassphrase(dir)];
    const steps = nextSteps(dir, manifest.was === "changed");
    const lines = [...files.map(renderFile), "", ...renderSteps(dir, steps)];
    io.out(`${lines.map(visible).join("\n")}\n`);
    return [];
  },
};

function renderFile({ file, was, note }: InitFile): string {
  return `${was.padEnd(10)}  ${file}${note === undefined ? "" : `: ${note}`}`;
}

function forgeIn(name: unknown = "github"): string {
  if (typeof name === "string" && FORGES.includes(name)) return name;
  throw new InvalidError({
    what: `unknown forge ${JSON.stringify(name)}`,
    why: `the known forges are ${FORGES.join(", ")}.`,
  });
}

/**
 * Derives a fleet name from the folder's name: at most 31 of the characters a-z, 0-9 and `-`; the first is a
 * letter.
 */
function fleetName(dir: string): string {
  const name = basename(dir)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, 31)
    .replace(/-+$/, "");
  return name === "" ? "fleet" : name;
}

/** Renders the next steps, one per line. The first is `cd` if the project is not in the current folder. */
function renderSteps(dir: string, steps: readonly string[]): string[] {
  const path = relative(process.cwd(), dir);
  const all = [...(path === "" ? [] : [`cd ${path}`]), ...steps];
  return ["Next:", ...all.map((step) => `  ${step}`)];
}
