import { join } from "node:path";
import { InvalidError } from "../../base/errors.ts";
import { projectDir } from "../../base/muster-folders.ts";
import { loadHosts } from "../../config/load-hosts.ts";
import { EVERYBODY, type OpenPort } from "../../config/open-port.ts";
import { readHosts } from "../../inventory/read-inventory.ts";
import type { Target } from "../../transport/target.ts";
import { contactHost } from "../first-contact.ts";
import type { StackConfig } from "../host-kind.ts";
import type { FoundHost, ImportedHost, ImportLogin } from "../import-types.ts";
import { openAccess } from "./digitalocean/api-access.ts";
import { describeDroplet, type FoundDroplet } from "./digitalocean/describe-droplet.ts";

/**
 * Finds a droplet at DigitalOcean, and connects to the droplet to read its host keys.
 *
 * @param number the ID of the droplet
 * @param config the configuration of the stack, which can contain the token
 * @throws MusterError if the droplet cannot be adopted
 */
export async function foundDroplet(
  name: string,
  number: string,
  login: ImportLogin,
  config: StackConfig,
): Promise<FoundHost> {
  if (!/^[1-9]\d{0,15}$/.test(number)) {
    const why = "the ID of a droplet is a number.";
    throw new InvalidError({
      what: `--droplet ${number}`,
      why,
      next: "The ID is in the URL of the droplet's page at cloud.digitalocean.com.",
    });
  }
  const project = projectDir();
  if (project !== undefined) refuseTaken(project, name, number);
  const access = await openAccess(config, "");
  const found = await describeDroplet(access, { host: name, number, port: login.port ?? 22 });
  const user = login.user ?? "root";
  const target: Target = { ...login, name, user, kind: "droplet", address: found.address, hostKeys: [] };
  const { connectTimeout: _, ...declaredLogin } = login;
  return {
    target: { ...target, hostKeys: await contactHost(target) },
    declared: (hostKeys) => ({
      name,
      login: user,
      ...asDeclared(found, { ...declaredLogin, user }, hostKeys),
    }),
  };
}

/** Refuses a name or a droplet that another host of the fleet already uses. */
function refuseTaken(project: string, name: string, number: string): void {
  const hosts = Object.values(loadHosts(join(project, "fleet.yaml")) ?? {});
  const known = [...readHosts(project, "droplet")];
  if (hosts.some((host) => host.name === name)) {
    const why = "fleet.yaml has a host with that name.";
    throw new InvalidError({ what: `the name ${name} is taken`, why, next: "Choose another name." });
  }
  const [owner] = [
    ...hosts.flatMap((host) =>
      host.kind === "droplet" && host.droplet.adopt?.droplet === number ? [host.name] : [],
    ),
    ...known.flatMap(([host, { machine }]) => (machine === number ? [host] : [])),
  ];
  if (owner === undefined) return;
  const why = `it is already the host ${owner} of this fleet.`;
  throw new InvalidError({ where: name, what: `droplet ${number} cannot be imported`, why });
}

function asDeclared(
  found: FoundDroplet,
  login: object,
  hostKeys: readonly string[],
): Omit<ImportedHost, "name"> {
  const { id, name, firewall, region, size, image, vpc, tags, reservedIp, left } = found;
  const { backups, monitoring, ipv6 } = found;
  return {
    cloud: { keys: {}, sshFrom: firewall?.sshFrom ?? EVERYBODY, region },
    entry: {
      kind: "droplet",
      adopt: { droplet: Number(id), ...(firewall && { firewall: firewall.id }), hostKeys },
      ...login,
      ...{ region, size, image, backups, monitoring },
      ...(ipv6 && { ipv6 }),
      ...(vpc !== undefined && { vpc }),
      ...(tags.length > 0 && { tags }),
      ...(reservedIp && { reservedIp }),
      ...(firewall && { sshFrom: firewall.sshFrom, open: firewall.open.map(openOf) }),
    },
    notes: [
      `droplet ${id}, which DigitalOcean calls ${name}, is adopted as it is. It is protected, and Muster recreates it only on request.`,
      "cloud.keys is empty: add a public key before you declare a new droplet.",
      ...(firewall
        ? []
        : [
            "the droplet has no firewall of its own, and Muster does not create one, so the same addresses as before can connect by SSH. " +
              "To create a firewall, write `sshFrom` or `open` under the host.",
          ]),
    ],
    left,
  };
}

function openOf({ port, protocol, from }: OpenPort) {
  const isEverybody = [...from].sort().join() === [...EVERYBODY].sort().join();
  return {
    port: /^\d+$/.test(port) ? Number(port) : port,
    ...(protocol !== "tcp" && { protocol }),
    ...(!isEverybody && { from }),
  };
}
