import { InvalidError } from "../../../base/errors.ts";
import type { StackConfig } from "../../host-kind.ts";

/** The URL of DigitalOcean's API, and a token for the API. */
export interface ApiAccess {
  readonly url: string;
  readonly token: string;
}

const API = "https://api.digitalocean.com";

/**
 * The configuration keys of a stack that contain the token and the URL. The vendor's plugin uses the same
 * keys.
 */
export const TOKEN_KEY = "digitalocean:token";
const ENDPOINT_KEY = "digitalocean:apiEndpoint";

/**
 * Returns the URL of the API. @param endpoint the URL in the configuration of the stack; undefined if the configuration
 * contains no URL
 */
export function apiUrl(endpoint: unknown): string {
  return `${endpoint ?? (process.env["DIGITALOCEAN_API_URL"] || API)}`;
}

/**
 * Returns the token of the stack, or the token from the environment if the stack has no token.
 *
 * @param configured the token of the stack; empty or undefined if the stack has no token
 * @param because the text before the reason in the error, such as DROPLETS_NEED_IT; can be empty
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

/** The first part of the reason in an error about a missing token. It says why the run needs a token. */
export const DROPLETS_NEED_IT = "fleet.yaml has droplets, and ";

/**
 * Returns the API access of a stack. If the configuration of the stack has no token, nothing is decrypted.
 *
 * @throws InvalidError if there is no token, or if the configured token is empty
 */
export async function openAccess(config: StackConfig, because: string): Promise<ApiAccess> {
  const isConfigured = config.values[TOKEN_KEY] !== undefined;
  const token = isConfigured
    ? requireToken(await config.secret(TOKEN_KEY), because, {})
    : requireToken(undefined, because);
  return { url: apiUrl(config.values[ENDPOINT_KEY]), token };
}
