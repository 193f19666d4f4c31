import { InvalidError } from "../base/errors.ts";
import { openApi } from "../digitalocean/api.ts";
import type { Call } from "./arguments.ts";
import { askEngine, type EngineStack } from "./ask.ts";
import { hasDroplets } from "./droplets.ts";
import { readStackFile } from "./project.ts";

/**
 * Asks DigitalOcean for the account before a run that needs it. The vendor's plugin would fail for each of its resources in
 * words of its own, and the engine then does nothing for any host.
 *
 * @param args as they were given
 * @throws MusterError with what is wrong: no token, a wrong one, an API that does not answer
 */
export async function requireDigitalOcean(
  of: EngineStack,
  call: Call,
  args: readonly string[],
): Promise<void> {
  const { project, stack } = of;
  const config = readStackFile(project, stack).config ?? {};
  const isTenants = `${config["muster:slice"] ?? ""}`.startsWith("tenant:");
  if (!hasDroplets(project) || isTenants || call.words[0] === "cancel" || leavesItOut(args)) return;
  const isConfigured = config["digitalocean:token"] !== undefined;
  const token = isConfigured ? await tokenInConfig(of) : tokenInEnv();
  if (token === undefined) throw noToken();
  const url = `${config["digitalocean:apiEndpoint"] ?? (process.env["DIGITALOCEAN_API_URL"] || API)}`;
  await openApi(url, token).one("account", "account");
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
  const { stdout } = await askEngine(of, ["config", "get", "digitalocean:token", "--stack", of.stack]);
  return stdout.trim() || undefined;
}

function noToken(): InvalidError {
  return new InvalidError({
    what: "no token of DigitalOcean",
    why: "fleet.yaml has droplets, and neither digitalocean:token nor DIGITALOCEAN_TOKEN is set.",
    next: "Run `npx pulumi config set --secret digitalocean:token`.",
  });
}
