import type { LaunchOfKind } from "../host-kind.ts";
import { DROPLETS_NEED_IT, openAccess } from "./digitalocean/access.ts";
import { openApi } from "./digitalocean/api.ts";
import type { DropletHostSpec } from "./spec.ts";

/** What the launcher does for droplets before it starts the engine. */
export const dropletLaunch: LaunchOfKind<DropletHostSpec> = {
  env: {
    // Our own resources request a refresh before the engine plans. The vendor's resources do not, so that the
    // engine must be told to refresh everything.
    PULUMI_OPTION_REFRESH: "true",
    // If the answer to `POST /v2/droplets` were lost, the plugin's client (godo) would repeat the request and
    // create a second droplet. Without the retry, the next run finds the droplet that was created.
    DIGITALOCEAN_HTTP_RETRY_MAX: "0",
  },
  privateKeys: (hosts) => [...new Set(hosts.flatMap(({ identityFile }) => identityFile ?? []))],
  // With an invalid token, the vendor's plugin would fail for each resource, and no host would be changed.
  check: async (config) => {
    const { url, token } = await openAccess(config, DROPLETS_NEED_IT);
    await openApi(url, token).one("account", "account");
  },
};
