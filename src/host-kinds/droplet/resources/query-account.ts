import * as pulumi from "@pulumi/pulumi";
import { apiUrl } from "../digitalocean/access.ts";
import { CLOUD_TOKEN, type CloudAnswer, type CloudQuestion } from "../preflight-protocol.ts";
import type { CloudSpec, DropletHostSpec } from "../spec.ts";

/**
 * Asks our provider which resources exist at DigitalOcean. The provider also reports what the run will do and
 * how the cost changes.
 *
 * @param owner `<project>/<stack>`
 * @param held the hosts whose droplet must not be replaced because an agent on it is protected
 */
export async function queryAccount(
  owner: string,
  hosts: readonly DropletHostSpec[],
  { keys, project }: CloudSpec,
  held: ReadonlySet<string>,
): Promise<CloudAnswer> {
  const config = new pulumi.Config("digitalocean");
  const question: CloudQuestion = {
    owner,
    keys,
    ...(project !== undefined && { project }),
    api: {
      url: apiUrl(config.get("apiEndpoint")),
      // The engine masks only secrets from the configuration, so a token from the environment must not be
      // sent. The provider reads that token from its own environment.
      token: config.get("token") ?? "",
    },
    droplets: hosts.map(({ name, formerly, droplet }) => {
      const { region, size, image, backups, reservedIp, volumes, replace, adopt } = droplet;
      const sizes = Object.entries(volumes).map(([volume, one]) => [volume, one.size]);
      return {
        ...{ host: name, formerly, region, size, image, backups, reservedIp },
        volumes: Object.fromEntries(sizes),
        isHeld: held.has(name),
        ...(replace !== undefined && { replace }),
        ...(adopt !== undefined && { adopt: adopt.droplet }),
      };
    }),
  };
  try {
    return (await pulumi.runtime.invoke(CLOUD_TOKEN, question)) as CloudAnswer;
  } catch (error) {
    // The SDK puts the name of the call before our provider's message, but users should only see the message.
    const said = error instanceof Error ? error.message : String(error);
    throw new pulumi.RunError(
      said.replace(/^.*returned an error: (invocation of \S+ returned an error: )?/s, ""),
    );
  }
}
