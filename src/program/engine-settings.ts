import { existsSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { ENGINE_DEFAULTS } from "../base/engine-defaults.ts";
import { InvalidError } from "../base/errors.ts";

/** The parts of Pulumi.yaml that Muster checks. */
export interface ProjectFile {
  readonly options?: { readonly refresh?: unknown };
  readonly plugins?: { readonly providers?: readonly { readonly name?: unknown; readonly path?: unknown }[] };
}

/** The visible settings of the engine that runs a program. */
export interface EngineRun {
  /** The folder of Pulumi.yaml. */
  readonly project: string;
  readonly file: ProjectFile;
  readonly env: NodeJS.ProcessEnv;
  /** The command line of the engine; undefined if the command line is not visible. */
  readonly args: readonly string[] | undefined;
}

const PLUGIN = "pulumi-resource-muster";
const ENTRY = "plugins: { providers: [{ name: muster, path: node_modules/muster-fleet/plugin }] }";

/**
 * Checks that the engine finds Muster's provider, either in a folder that Pulumi.yaml names or on PATH.
 *
 * @throws InvalidError that names the lines to add to Pulumi.yaml
 */
export function requirePlugin({ project, file, env }: EngineRun): void {
  if (/(^|,)muster:/.test(env["PULUMI_DEBUG_PROVIDERS"] ?? "")) return;
  const entry = file.plugins?.providers?.find(({ name }) => name === "muster");
  const named = typeof entry?.path === "string" ? resolve(project, entry.path) : undefined;
  const ignoresPath = env["PULUMI_IGNORE_AMBIENT_PLUGINS"] === "true";
  const onPath = ignoresPath ? [] : (env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const folders = named === undefined ? onPath : [named];
  if (folders.some((folder) => existsSync(join(folder, PLUGIN)))) return;
  throw new InvalidError({
    where: "Pulumi.yaml",
    what: "the engine cannot find Muster's provider",
    why: named === undefined ? "`plugins` has no provider `muster`." : `${named} does not contain ${PLUGIN}.`,
    next: `Write \`${ENTRY}\`.`,
  });
}

/**
 * Returns one sentence for each setting that Muster needs but that this run of the engine does not have. Muster's own
 * `npx pulumi` sets all these settings except `options.refresh`.
 *
 * @param hasMachines whether other resources of the program create hosts of the fleet
 */
export function missingSettings({ file, env, args = [] }: EngineRun, hasMachines: boolean): string[] {
  const isSet = (variable: string, ...flags: readonly string[]) =>
    isTrue(env[variable]) || args.some((arg) => flags.some((flag) => arg === flag || arg === `${flag}=true`));
  const isParallel = args.some((arg) => /^(-p|--parallel(=|$))/.test(arg));
  const refreshes =
    file.options?.refresh === "always" || isSet("PULUMI_OPTION_REFRESH", "--refresh", "-r") || !hasMachines;
  const parallel = ENGINE_DEFAULTS["PULUMI_PARALLEL"];
  return [
    ...(refreshes
      ? []
      : [
          "Pulumi.yaml does not contain `options: { refresh: always }`, so this run does not notice that a machine was " +
            "changed outside Pulumi.",
        ]),
    ...(isSet("PULUMI_CONTINUE_ON_ERROR", "--continue-on-error")
      ? []
      : [
          "neither PULUMI_CONTINUE_ON_ERROR=true nor `--continue-on-error` is set, so an unreachable host stops this run " +
            "for the other hosts.",
        ]),
    ...(env["PULUMI_PARALLEL"] || isParallel
      ? []
      : [
          `neither PULUMI_PARALLEL=${parallel} nor \`--parallel ${parallel}\` is set, so hosts wait for each other.`,
        ]),
  ];
}

/** Whether a variable of the engine is on. The engine accepts `1` and `true`. */
function isTrue(value: string | undefined): boolean {
  return value === "1" || value?.toLowerCase() === "true";
}
