import type { LaunchOfKind } from "../host-kind.ts";
import { appearedSince, awaitedAddresses } from "./awaited-addresses.ts";
import type { Droplet, ReservedIp, Volume } from "./digitalocean/account.ts";
import { openApi } from "./digitalocean/api.ts";
import { DROPLETS_NEED_IT, openAccess } from "./digitalocean/api-access.ts";
import { recordedIds, TOKENS } from "./digitalocean/recorded-ids.ts";
import { unrecordedResources } from "./digitalocean/unrecorded-resources.ts";
import { stackTag } from "./preflight-protocol.ts";
import type { DropletHostSpec } from "./spec.ts";

/**
 * PACE is the maximum rate of the vendor's plugin in requests per second. DigitalOcean accepts 250 requests per minute,
 * so this rate leaves enough requests for Muster and for other clients. Up to BURST resources need so few requests that
 * the rate is not limited.
 */
const [PACE, BURST] = ["3", 30] as const;

/** The steps that the launcher performs for droplets before it starts the engine. */
export const dropletLaunch: LaunchOfKind<DropletHostSpec> = {
  env: {
    // Muster's own resources request a refresh before the engine makes its plan. The vendor's resources do not request
    // a refresh, so this option makes the engine refresh all resources.
    PULUMI_OPTION_REFRESH: "true",
  },
  createEnv: {
    // If the response to `POST /v2/droplets` were lost, the client in the plugin (godo) would repeat the request and
    // create a second droplet. Without retries, the next run finds the droplet that was created.
    DIGITALOCEAN_HTTP_RETRY_MAX: "0",
    // Retries are off, so a request above the API's rate limit would fail. This rate is below the limit.
    DIGITALOCEAN_REQUESTS_PER_SECOND: PACE,
  },
  readEnv: (resources) => (resources > BURST ? { DIGITALOCEAN_REQUESTS_PER_SECOND: PACE } : {}),
  tokens: "digitalocean:",
  privateKeys: (hosts) => [...new Set(hosts.flatMap(({ identityFile }) => identityFile ?? []))],
  // The token is checked first. With an invalid token, the vendor's plugin would fail for each resource, and `up` would
  // change no host.
  check: async (config) => {
    const { url, token } = await openAccess(config, DROPLETS_NEED_IT);
    await openApi(url, token).one("account", "account");
  },
  leftBehind: async (config, { dir, owner, recorded }) => {
    const { url, token } = await openAccess(config, DROPLETS_NEED_IT);
    const api = openApi(url, token);
    const ids = recordedIds(recorded);
    const [droplets, volumes, addresses] = await Promise.all([
      api.list<Droplet>(`droplets?tag_name=${encodeURIComponent(stackTag(owner))}`, "droplets"),
      api.list<Volume>("volumes", "volumes"),
      api.list<ReservedIp>("reserved_ips", "reserved_ips"),
    ]);
    const inState = ids.all(TOKENS.reservedIp).map(({ id }) => id);
    const awaited = Object.values(awaitedAddresses(dir).read(owner));
    const appeared = awaited.flatMap((one) => appearedSince(one, addresses, inState));
    return [
      ...unrecordedResources(owner, { droplets, volumes }, ids, new Set()),
      ...[...new Set(appeared)].map((ip) => `the reserved IP ${ip}, which appeared when a run did not end`),
    ];
  },
};
