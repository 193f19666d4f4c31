import * as pulumi from "@pulumi/pulumi";
import type { CloudSpec } from "../../config/droplet-spec.ts";
import type { DropletHostSpec } from "../../config/fleet.ts";
import { CLOUD_TOKEN, type CloudAnswer, type CloudQuestion } from "../../model/droplet-preflight.ts";

/** Where DigitalOcean's API is, unless the vendor's own setting or variable says otherwise. */
const API = "https://api.digitalocean.com";

/**
 * Asks our provider what DigitalOcean has already of what is declared; it tells a person what the run will do and cost.
 *
 * @param owner `<project>/<stack>`
 * @param held hosts that keep their droplet whatever `replace` says, because an agent on it is protected
 */
export async function askCloud(
  owner: string,
  hosts: readonly DropletHostSpec[],
  { keys, project }: CloudSpec,
  held: ReadonlySet<string>,
): Promise<CloudAnswer> {
  const config = new pulumi.Config("digitalocean");
  const { env } = process;
  const question: CloudQuestion = {
    owner,
    keys,
    ...(project !== undefined && { project }),
    api: {
      url: config.get("apiEndpoint") ?? (env["DIGITALOCEAN_API_URL"] || API),
      // The engine masks the secrets of the configuration in all that it prints, and no others.
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
    // The SDK puts the call before our provider's sentence; a person is told that alone.
    const said = error instanceof Error ? error.message : String(error);
    throw new pulumi.RunError(
      said.replace(/^.*returned an error: (invocation of \S+ returned an error: )?/s, ""),
    );
  }
}
