import type { LaunchOfKind } from "../host-kind.ts";
import { DROPLETS_NEED_IT, openAccess } from "./digitalocean/access.ts";
import { openApi } from "./digitalocean/api.ts";
import type { DropletHostSpec } from "./spec.ts";

/** What the launcher does for droplets before it starts the engine. */
export const dropletLaunch: LaunchOfKind<DropletHostSpec> = {
  env: {
    // Our own provider asks the engine to refresh its resources before it plans. The vendor's plugin does
    // not.
    PULUMI_OPTION_REFRESH: "true",
    // If the answer to `POST /v2/droplets` were lost, the plugin's client (godo) would repeat the request and
    // create a second droplet. Without retries, the next run finds the existing droplet.
    DIGITALOCEAN_HTTP_RETRY_MAX: "0",
  },
  privateKeys: (hosts) => [...new Set(hosts.flatMap(({ identityFile }) => identityFile ?? []))],
  // With a bad token, the vendor's plugin would fail for each resource, and the engine would change no host.
  check: async (config) => {
    const { url, token } = await openAccess(config, DROPLETS_NEED_IT);
    await openApi(url, token).one("account", "account");
  },
};
