import { existsSync } from "node:fs";
import { join } from "node:path";
import { count } from "../../base/count.ts";
import { PACKAGE_NAME } from "../../base/muster-folders.ts";
import { checkFleet } from "../../config/check-fleet.ts";
import type { Fleet, HostSpec } from "../../config/fleet.ts";
import { formatProblem, type Problem } from "../../config/problem.ts";
import { currentStack, passphraseFile, passphraseIsSet } from "../../engine/passphrase.ts";
import { type PulumiProject, readProject, readStackFile, stackFile } from "../../engine/project.ts";
import { stackNames } from "../stack/settings.ts";
import { STACK } from "./passphrase.ts";

/** A stack's configuration. */
type Config = Readonly<Record<string, unknown>>;

/**
 * npm removes Muster's former package together with the links to its programs. Muster's current programs need links
 * with the same names, so `npm rebuild` must create these links again.
 */
const INSTALL_RENAMED = `npm install && npm rebuild ${PACKAGE_NAME}`;

/** The maximum number of problems to list; `fleet validate` shows all problems. */
const MOST_PROBLEMS = 10;

/**
 * Returns the next steps for the fleet in a folder, one per line.
 *
 * @param isRenamed whether this run has replaced the former package in package.json
 */
export function nextSteps(dir: string, isRenamed: boolean): string[] {
  return [isRenamed ? INSTALL_RENAMED : "npm install", ...fleetSteps(dir)];
}

function fleetSteps(dir: string): string[] {
  const file = join(dir, "fleet.yaml");
  const { fleet, problems } = checkFleet(file);
  const project = readProject(dir);
  if (fleet === undefined) return correctionSteps(problems);
  if (project === undefined) return ["npx fleet validate"];
  const stack = currentStack(project, undefined) ?? stackNames(project)[0] ?? STACK;
  const { config = {} } = readStackFile(project, stack);
  return [
    "npx fleet validate",
    ...stackSteps(project, stack),
    ...secretSteps(fleet, config),
    ...hostSteps(fleet, config),
    "npx pulumi up",
  ];
}

/**
 * Returns the steps for an invalid fleet. The hosts and secrets of an invalid fleet are not known, so these steps only
 * list the fleet's problems.
 */
function correctionSteps(problems: readonly Problem[]): string[] {
  const shown = problems.slice(0, MOST_PROBLEMS).map((problem) => `  ${formatProblem(problem)}`);
  return [
    `correct ${count(problems.length, "error")} in fleet.yaml, which \`npx fleet validate\` reports:`,
    ...shown,
    ...(problems.length > MOST_PROBLEMS ? ["  …"] : []),
    "npx fleet init .    # run it again: it lists the steps for hosts and secrets",
  ];
}

function stackSteps(project: PulumiProject, stack: string): string[] {
  if (!existsSync(stackFile(project, stack))) return [`npx pulumi stack init ${stack}`];
  const passphrase = passphraseFile(project, stack);
  const hasPassphrase = passphraseIsSet() || existsSync(passphrase);
  return [
    ...(hasPassphrase ? [] : [`put the passphrase of stack ${stack} into ${passphrase}, with mode 0600`]),
    `npx pulumi stack select ${stack}`,
  ];
}

function secretSteps(fleet: Fleet, config: Config): string[] {
  const references = new Set(Object.values(fleet.credentials).map(({ from }) => from));
  return [...references].flatMap((reference) => secretStep(reference, config) ?? []);
}

/** Returns the step that sets a secret; undefined if the secret is already set. */
function secretStep(reference: string, config: Config): string | undefined {
  const [, source, place = ""] = /^(config|env|file):(.+)$/.exec(reference) ?? [];
  if (source === "config" && config[`muster:${place}`] === undefined)
    return `npx pulumi config set --secret muster:${place}`;
  if (source === "env" && process.env[place] === undefined) return `export ${place}=…`;
  if (source === "file" && !existsSync(place)) return `write the secret into ${place}, with mode 0600`;
  return undefined;
}

function hostSteps(fleet: Fleet, config: Config): string[] {
  const named = (kind: HostSpec["kind"]) =>
    Object.values(fleet.hosts)
      .filter((host) => host.kind === kind)
      .map(({ name }) => name)
      .join(", ");
  const [local, droplets, ssh] = [named("local"), named("droplet"), named("ssh")];
  const hasToken = config["digitalocean:token"] !== undefined || Boolean(process.env["DIGITALOCEAN_TOKEN"]);
  return [
    ...(local === "" ? [] : [`npx fleet doctor    # checks whether this machine can boot ${local}`]),
    ...(droplets === "" || hasToken
      ? []
      : [`npx pulumi config set --secret digitalocean:token    # to create ${droplets}`]),
    ...(ssh === "" ? [] : [`npx fleet doctor --hosts    # checks whether SSH reaches ${ssh}`]),
  ];
}
