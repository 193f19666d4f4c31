import { Config, invoke, RunError } from "../../../program/pulumi-sdk.ts";
import { apiUrl } from "../digitalocean/api-access.ts";
import { CLOUD_TOKEN, type CloudAnswer, type CloudQuestion } from "../preflight-protocol.ts";
import type { CloudSpec, DropletHostSpec } from "../spec.ts";

/**
 * Queries Muster's provider about the resources that exist at DigitalOcean. The provider also reports the effects of
 * the run and the change of the cost.
 *
 * @param owner `<project>/<stack>`
 * @param held the hosts whose droplet must not be replaced, because an agent on the droplet is protected
 */
export async function queryAccount(
  owner: string,
  hosts: readonly DropletHostSpec[],
  { keys, project }: CloudSpec,
  held: ReadonlySet<string>,
): Promise<CloudAnswer> {
  const config = new Config("digitalocean");
  const question: CloudQuestion = {
    owner,
    keys,
    ...(project !== undefined && { project }),
    api: {
      url: apiUrl(config.get("apiEndpoint")),
      // The engine masks only secrets from the configuration. A token from the environment must therefore not be sent.
      // The provider reads such a token from its own environment.
      token: config.get("token") ?? "",
    },
    droplets: hosts.map(({ name, formerly, protect, droplet }) => {
      const { region, size, image, backups, monitoring, ipv6, vpc, reservedIp, volumes, replace, adopt } =
        droplet;
      return {
        ...{ host: name, formerly, region, size, image, backups, monitoring, ipv6, reservedIp, volumes },
        ...(vpc !== undefined && { vpc }),
        isProtected: protect,
        isHeld: held.has(name),
        ...(replace !== undefined && { replace }),
        ...(adopt !== undefined && { adopt: adopt.droplet }),
      };
    }),
  };
  try {
    return (await invoke(CLOUD_TOKEN, question)) as CloudAnswer;
  } catch (error) {
    // The SDK puts the name of the call before the message from Muster's provider. Users should see only the
    // message.
    const said = error instanceof Error ? error.message : String(error);
    throw new RunError(said.replace(/^.*returned an error: (invocation of \S+ returned an error: )?/s, ""));
  }
}
