import { InvalidError } from "../../../base/errors.ts";
import type { StackConfig } from "../../host-kind.ts";

/** Where DigitalOcean's API is, and the token for it. */
export interface ApiAccess {
  readonly url: string;
  readonly token: string;
}

const API = "https://api.digitalocean.com";

/** The keys of a stack's configuration; they are those of the vendor's own plugin. */
export const TOKEN_KEY = "digitalocean:token";
const ENDPOINT_KEY = "digitalocean:apiEndpoint";

/** The URL of the API. @param endpoint what the stack's configuration says, where it says anything */
export function apiUrl(endpoint: unknown): string {
  return `${endpoint ?? (process.env["DIGITALOCEAN_API_URL"] || API)}`;
}

/**
 * Finds the token: the stack's own, else the environment's.
 *
 * @param configured empty or undefined where the stack has none
 * @param because why a token is needed, for the message
 * @throws InvalidError where there is none
 */
export function requireToken(
  configured: string | undefined,
  because: string,
  env: NodeJS.ProcessEnv = process.env,
): string {
  const token = configured || env["DIGITALOCEAN_TOKEN"] || env["DIGITALOCEAN_ACCESS_TOKEN"];
  if (token) return token;
  throw new InvalidError({
    what: "no token of DigitalOcean",
    why: `${because}neither digitalocean:token nor DIGITALOCEAN_TOKEN is set.`,
    next: "Run `npx pulumi config set --secret digitalocean:token`.",
  });
}

/** Why a run needs a token. */
export const DROPLETS_NEED_IT = "fleet.yaml has droplets, and ";

/**
 * Finds the access of a stack; a token of its own is decrypted only where there is one.
 *
 * @throws InvalidError where there is no token, or an empty one
 */
export async function openAccess(config: StackConfig, because: string): Promise<ApiAccess> {
  const isConfigured = config.values[TOKEN_KEY] !== undefined;
  const token = isConfigured
    ? requireToken(await config.secret(TOKEN_KEY), because, {})
    : requireToken(undefined, because);
  return { url: apiUrl(config.values[ENDPOINT_KEY]), token };
}
