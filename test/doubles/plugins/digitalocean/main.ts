/**
 * A stand-in for the vendor's `pulumi-resource-digitalocean`, for machines that cannot download the original. It has
 * the types that Muster uses, with the vendor's rules for changes and replacements, and calls the API at
 * DIGITALOCEAN_API_URL.
 */
import { bridged } from "../serve/bridge.ts";
import { servePlugin } from "../serve/serve.ts";
import type { Json, Properties } from "../serve/values.ts";
import { sdkVersion } from "../serve/version.ts";
import { type ApiConfig, apiOf } from "./api.ts";
import { functionsOf } from "./functions.ts";
import { dropletType } from "./types/droplet.ts";
import { firewallType } from "./types/firewall.ts";
import { projectResourcesType, projectType } from "./types/project.ts";
import { reservedIpAssignmentType, reservedIpType } from "./types/reserved-ip.ts";
import { sshKeyType } from "./types/ssh-key.ts";
import { tagType } from "./types/tag.ts";
import { volumeAttachmentType, volumeType } from "./types/volume.ts";
import { vpcType } from "./types/vpc.ts";

const { env } = process;
const DEFAULT_ENDPOINT = "https://api.digitalocean.com";

let config: ApiConfig = configOf({});

const api = apiOf(() => config);

const types = {
  "droplet:Droplet": dropletType(api),
  "sshKey:SshKey": sshKeyType(api),
  "firewall:Firewall": firewallType(api),
  "reservedIp:ReservedIp": reservedIpType(api),
  "reservedIpAssignment:ReservedIpAssignment": reservedIpAssignmentType(api),
  "volume:Volume": volumeType(api),
  "volumeAttachment:VolumeAttachment": volumeAttachmentType(api),
  "project:Project": projectType(api),
  "projectResources:ProjectResources": projectResourcesType(api),
  "tag:Tag": tagType(api),
  "vpc:Vpc": vpcType(api),
};

/** Returns the settings of the API. The stack's configuration takes precedence over the environment. */
function configOf(given: Properties): ApiConfig {
  const number = (value: Json, usual: number) => Number(value ?? usual);
  return {
    token: String(given["token"] ?? env["DIGITALOCEAN_TOKEN"] ?? env["DIGITALOCEAN_ACCESS_TOKEN"] ?? ""),
    endpoint: String(given["apiEndpoint"] ?? env["DIGITALOCEAN_API_URL"] ?? DEFAULT_ENDPOINT),
    retryMax: number(given["httpRetryMax"] ?? env["DIGITALOCEAN_HTTP_RETRY_MAX"], 4),
    retryWaitMin: number(given["httpRetryWaitMin"] ?? env["DIGITALOCEAN_HTTP_RETRY_WAIT_MIN"], 1),
    retryWaitMax: number(given["httpRetryWaitMax"] ?? env["DIGITALOCEAN_HTTP_RETRY_WAIT_MAX"], 30),
    requestsPerSecond: number(given["requestsPerSecond"] ?? env["DIGITALOCEAN_REQUESTS_PER_SECOND"], 0),
  };
}

await servePlugin({
  version: sdkVersion("digitalocean"),
  types: Object.fromEntries(
    Object.entries(types).map(([name, type]) => [`digitalocean:index/${name}`, bridged(type)]),
  ),
  functions: functionsOf(api),
  checkConfig: (given) => ({ apiEndpoint: configOf(given).endpoint, ...given }),
  configure: (given) => {
    config = configOf(given);
  },
});
