import { mkdirSync } from "node:fs";
import { basename, relative, resolve } from "node:path";
import { InvalidError } from "../../base/errors.ts";
import { visible } from "../../base/terminal-text.ts";
import type { CommandDefinition } from "../command.ts";
import { writeManifest } from "../init/manifest.ts";
import { STACK, writePassphrase } from "../init/passphrase.ts";
import { FORGES, writeTemplates } from "../init/templates.ts";

export const command: CommandDefinition = {
  usage: "init [dir]",
  summary: "make a repository of your own: fleet.yaml, Pulumi.yaml, package.json and what belongs to them",
  options: { "--forge <name>": "whose workflows to write: github (the default) or gitea" },
  async run({ args, options, io }) {
    const forge = forgeIn(options["forge"]);
    const dir = resolve(args[0] ?? ".");
    mkdirSync(dir, { recursive: true });
    const name = fleetName(dir);
    const files = [writeManifest(dir, name), ...writeTemplates(dir, name, forge), ...writePassphrase(dir)];
    const told = files.map(({ file, was }) => `${was.padEnd(10)}  ${file}`);
    io.out(`${[...told, "", ...nextSteps(dir)].map(visible).join("\n")}\n`);
    return [];
  },
};

function forgeIn(name: unknown = "github"): string {
  if (typeof name === "string" && FORGES.includes(name)) return name;
  throw new InvalidError({
    what: `unknown forge ${JSON.stringify(name)}`,
    why: `there are ${FORGES.join(", ")}.`,
  });
}

/** The folder's name as a fleet may be called: at most 31 of a-z, 0-9 and `-`, a letter first. */
function fleetName(dir: string): string {
  const name = basename(dir)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, 31)
    .replace(/-+$/, "");
  return name === "" ? "fleet" : name;
}

function nextSteps(dir: string): string[] {
  const away = relative(process.cwd(), dir);
  const steps = [
    ...(away === "" ? [] : [`cd ${away}`]),
    "npm install",
    "npx fleet validate",
    `npx pulumi stack init ${STACK}`,
    "npx pulumi config set --secret muster:scout-key",
    "npx pulumi up",
  ];
  return ["Next:", ...steps.map((step) => `  ${step}`)];
}
