import type { LaunchOfKind } from "../host-kind.ts";
import { DROPLETS_NEED_IT, openAccess } from "./digitalocean/access.ts";
import { openApi } from "./digitalocean/api.ts";
import type { DropletHostSpec } from "./spec.ts";

/** What `npx pulumi` does for a fleet with droplets. */
export const dropletLaunch: LaunchOfKind<DropletHostSpec> = {
  env: {
    // Unlike our provider, the vendor's plugin does not ask the engine to refresh before it plans.
    PULUMI_OPTION_REFRESH: "true",
    // Where the answer to `POST /v2/droplets` is lost, its client (godo) would send it again and make a second
    // droplet. Without retries the next run finds the one that exists.
    DIGITALOCEAN_HTTP_RETRY_MAX: "0",
  },
  privateKeys: (hosts) => [...new Set(hosts.flatMap(({ identityFile }) => identityFile ?? []))],
  // Without this, the vendor's plugin fails for each of its resources, and the engine then does nothing for any host.
  check: async (config) => {
    const { url, token } = await openAccess(config, DROPLETS_NEED_IT);
    await openApi(url, token).one("account", "account");
  },
};
