import { InvalidError } from "../base/errors.ts";
import { openApi } from "../digitalocean/api.ts";
import type { EngineCall } from "./arguments.ts";
import { hasDroplets } from "./droplets.ts";
import { ensureEngine } from "./install-engine.ts";
import { currentStack, requirePassphrase } from "./passphrase.ts";
import type { InstallProgress } from "./progress.ts";
import { readProject, readStackFile } from "./project.ts";
import { type EngineStack, runEngine } from "./run-engine.ts";

/**
 * Asks DigitalOcean for the account before a run that needs it. The vendor's plugin would fail for each of its resources in
 * words of its own, and the engine then does nothing for any host.
 *
 * @param args as they were given
 * @throws MusterError with what is wrong: no token, a wrong one, an API that does not answer
 */
export async function requireDigitalOcean(
  of: EngineStack,
  call: EngineCall,
  args: readonly string[],
): Promise<void> {
  const { project, stack } = of;
  const config = readStackFile(project, stack).config ?? {};
  const isTenants = `${config["muster:slice"] ?? ""}`.startsWith("tenant:");
  if (!hasDroplets(project) || isTenants || call.words[0] === "cancel" || leavesItOut(args)) return;
  const { url, token } = await accessOf(of, "fleet.yaml has droplets, and ");
  await openApi(url, token).one("account", "account");
}

/** Where DigitalOcean's API is, and what lets us in. */
export interface ApiAccess {
  readonly url: string;
  readonly token: string;
}

/**
 * How DigitalOcean is asked by a command that is no run of the engine: by what a stack says, or the environment alone.
 *
 * @param dir the folder of Pulumi.yaml, where there is one
 * @param named the stack; undefined for the one that is selected
 * @throws InvalidError where there is no token, or the stack's secrets cannot be read here
 */
export async function digitalOceanAccess(
  dir: string | undefined,
  named: string | undefined,
  progress: InstallProgress,
): Promise<ApiAccess> {
  const project = dir === undefined ? undefined : readProject(dir);
  const stack = project && currentStack(project, named);
  const config = project && stack ? (readStackFile(project, stack).config ?? {}) : {};
  if (project === undefined || stack === undefined || config["digitalocean:token"] === undefined)
    return accessBy(config, tokenInEnv(), "");
  requirePassphrase(project, stack);
  const { pulumi } = await ensureEngine(progress);
  return accessOf({ pulumi, project, stack }, "");
}

async function accessOf(of: EngineStack, because: string): Promise<ApiAccess> {
  const config = readStackFile(of.project, of.stack).config ?? {};
  const isConfigured = config["digitalocean:token"] !== undefined;
  return accessBy(config, isConfigured ? await tokenInConfig(of) : tokenInEnv(), because);
}

function accessBy(
  config: Readonly<Record<string, unknown>>,
  token: string | undefined,
  because: string,
): ApiAccess {
  if (token === undefined) throw noToken(because);
  return {
    token,
    url: `${config["digitalocean:apiEndpoint"] ?? (process.env["DIGITALOCEAN_API_URL"] || API)}`,
  };
}

const API = "https://api.digitalocean.com";

/** The engine's own words for a run that does not look. */
function leavesItOut(args: readonly string[]): boolean {
  return args.includes("--refresh=false") || process.env["PULUMI_OPTION_REFRESH"] === "false";
}

function tokenInEnv(): string | undefined {
  const { env } = process;
  return env["DIGITALOCEAN_TOKEN"] || env["DIGITALOCEAN_ACCESS_TOKEN"] || undefined;
}

/** @returns undefined where it is empty */
async function tokenInConfig(of: EngineStack): Promise<string | undefined> {
  const { stdout } = await runEngine(of, ["config", "get", "digitalocean:token", "--stack", of.stack]);
  return stdout.trim() || undefined;
}

function noToken(because: string): InvalidError {
  return new InvalidError({
    what: "no token of DigitalOcean",
    why: `${because}neither digitalocean:token nor DIGITALOCEAN_TOKEN is set.`,
    next: "Run `npx pulumi config set --secret digitalocean:token`.",
  });
}
