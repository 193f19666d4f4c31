import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../base/files.ts";
import { RECORDED_IDS, type RecordedId } from "../model/recorded-id.ts";
import { nameInUrn } from "../model/urn.ts";
import { type EngineCall, isDestroy, isUp } from "./arguments.ts";
import { type EngineStack, runEngine } from "./run-engine.ts";
import { stackConfig } from "./stack-config.ts";
import type { ProjectLaunch } from "./start-requirements.ts";

interface ExportedResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly protect?: boolean;
  readonly delete?: boolean;
}

/**
 * Prepares an operation of the engine on the vendors' resources. Before `up`, reads these resources into the state.
 * Before `destroy`, reports resources at the vendors that `destroy` would not delete.
 *
 * @param reads whether this run calls the vendors' APIs
 * @returns additional environment variables for the engine
 */
export async function prepareVendors(
  of: EngineStack,
  call: EngineCall,
  { tokens, createEnv, readEnv, leftBehind }: ProjectLaunch,
  { reads, home, report }: { reads: boolean; home: string; report: (line: string) => void },
): Promise<Record<string, string>> {
  const recorded = tokens.length === 0 ? undefined : await recordedResources(of, tokens);
  if (recorded === undefined) return isUp(call) ? unset(createEnv) : {};
  const env = { [RECORDED_IDS]: writeRecorded(of, recorded) };
  if (reads && isDestroy(call)) {
    const stack = { dir: of.project.dir, owner: `${of.project.name}/${of.stack}`, recorded };
    for (const describe of leftBehind) {
      for (const what of await describe(stackConfig(of), stack)) report(leftText(what));
    }
  }
  if (!isUp(call)) return env;
  if (!reads || recorded.length === 0) return { ...env, ...unset(createEnv) };
  const ofRead = { ...unset(readEnv(recorded.length)), PULUMI_HOME: home };
  await refreshVendors(of, tokens, ofRead, report);
  return { ...env, ...unset(createEnv), PULUMI_OPTION_REFRESH: "false" };
}

/** Returns the variables that the user has not set. */
function unset(variables: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => process.env[name] === undefined));
}

function leftText(what: string): string {
  return (
    `the account has ${what}, but the state of this stack does not record it, so \`destroy\` does not delete it. It ` +
    "costs money. Run `npx pulumi up`, which adopts what fleet.yaml declares, or delete it by hand"
  );
}

/**
 * Reads the vendors' resources in a stack's state.
 *
 * @param tokens the prefixes of the vendors' type tokens
 * @returns undefined if the state cannot be read; the engine itself then reports the reason
 */
async function recordedResources(
  of: EngineStack,
  tokens: readonly string[],
): Promise<RecordedId[] | undefined> {
  const { failed, stdout } = await runEngine(of, ["stack", "export", "--stack", of.stack]);
  if (failed) return undefined;
  const resources = resourcesIn(stdout);
  return resources
    ?.filter(({ type }) => tokens.some((prefix) => type.startsWith(prefix)))
    .map(({ urn, type, id = "", protect, delete: isLeaving }) => {
      return { type, name: nameInUrn(urn), id, isProtected: protect === true, isLeaving: isLeaving === true };
    });
}

function resourcesIn(text: string): readonly ExportedResource[] | undefined {
  try {
    const { deployment } = JSON.parse(text) as {
      deployment: { resources?: readonly ExportedResource[] } | null;
    };
    return deployment?.resources ?? [];
  } catch {
    return undefined;
  }
}

/** Writes the resources to a file for the provider. @returns the path of the file */
function writeRecorded({ project, stack }: EngineStack, recorded: readonly RecordedId[]): string {
  const folder = join(project.dir, ".muster", "recorded-ids");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `${stack}.json`);
  writeFileAtomic(file, JSON.stringify(recorded), 0o600);
  return file;
}

/**
 * Reads the vendors' resources into the state, before `up` changes anything. In the engine's own refresh, a single
 * resource that cannot be read would end the run for all hosts. Also, `up` must not repeat requests, because a repeated
 * request could create a second machine. This function repeats requests. A resource that still cannot be read keeps its
 * recorded state.
 *
 * @param report prints a line
 */
async function refreshVendors(
  of: EngineStack,
  tokens: readonly string[],
  env: Readonly<Record<string, string>>,
  report: (line: string) => void,
): Promise<void> {
  const targets = tokens.flatMap((prefix) => ["--target", `urn:pulumi:**::${prefix}**`]);
  const command = ["refresh", "--yes", "--skip-preview", "--stack", of.stack, ...targets];
  const { failed, stdout, stderr } = await runEngine(of, command, { env, endsWithCaller: true });
  if (!failed) return;
  const errors = `${stdout}\n${stderr}`.split("\n").filter((line) => /^\s*(error:|\* )/.test(line));
  const why = [...new Set(errors.map((line) => line.trim()))].join(" ") || stderr.trim();
  report(
    `not everything could be read, so changes that were made there are not detected in this run: ${why}`,
  );
}
