import { InvalidError } from "../../../base/errors.ts";
import type { StackConfig } from "../../host-kind.ts";

/** The URL of DigitalOcean's API, and a token for the API. */
export interface ApiAccess {
  readonly url: string;
  readonly token: string;
}

const API = "https://api.digitalocean.com";

/** The keys of the token and the URL in a stack's configuration. The vendor's plugin uses the same keys. */
export const TOKEN_KEY = "digitalocean:token";
const ENDPOINT_KEY = "digitalocean:apiEndpoint";

/** Returns the URL of the API. @param endpoint the URL in the stack's configuration, if there is one */
export function apiUrl(endpoint: unknown): string {
  return `${endpoint ?? (process.env["DIGITALOCEAN_API_URL"] || API)}`;
}

/**
 * Returns the stack's token, or the token from the environment if the stack has none.
 *
 * @param configured the stack's token; empty or undefined if the stack has none
 * @param because text to put before the error's reason, such as DROPLETS_NEED_IT; may be empty
 * @throws InvalidError if there is no token
 */
export function requireToken(
  configured: string | undefined,
  because: string,
  env: NodeJS.ProcessEnv = process.env,
): string {
  const token = configured || env["DIGITALOCEAN_TOKEN"] || env["DIGITALOCEAN_ACCESS_TOKEN"];
  if (token) return token;
  throw new InvalidError({
    what: "there is no DigitalOcean token",
    why: `${because}neither digitalocean:token nor DIGITALOCEAN_TOKEN is set.`,
    next: "Run `npx pulumi config set --secret digitalocean:token`.",
  });
}

/** Why a run needs a token. Used as a prefix for the error's reason. */
export const DROPLETS_NEED_IT = "fleet.yaml has droplets, and ";

/**
 * Returns the API access of a stack. Nothing is decrypted if the stack's configuration has no token.
 *
 * @throws InvalidError if there is no token, or the configured token is empty
 */
export async function openAccess(config: StackConfig, because: string): Promise<ApiAccess> {
  const isConfigured = config.values[TOKEN_KEY] !== undefined;
  const token = isConfigured
    ? requireToken(await config.secret(TOKEN_KEY), because, {})
    : requireToken(undefined, because);
  return { url: apiUrl(config.values[ENDPOINT_KEY]), token };
}
