import { join } from "node:path";
import { InvalidError } from "../../base/errors.ts";
import { projectDir } from "../../base/paths.ts";
import { loadHosts } from "../../config/load-hosts.ts";
import { EVERYBODY, type OpenPort } from "../../config/open-port.ts";
import { readHosts } from "../../inventory/read-inventory.ts";
import type { Target } from "../../transport/target.ts";
import type { StackConfig } from "../host-kind.ts";
import type { FoundHost, ImportedHost, ImportLogin } from "../imported-host.ts";
import { openAccess } from "./digitalocean/access.ts";
import { describeDroplet, type FoundDroplet } from "./digitalocean/describe-droplet.ts";
import { meet } from "./first-contact.ts";

/**
 * Finds a droplet at DigitalOcean, and connects to it.
 *
 * @param config of the stack whose token is used, where it has one
 * @throws MusterError where it cannot be adopted
 */
export async function foundDroplet(
  name: string,
  number: string,
  login: ImportLogin,
  config: StackConfig,
): Promise<FoundHost> {
  if (!/^[1-9]\d{0,15}$/.test(number)) {
    const why = "a droplet is named by its number.";
    throw new InvalidError({
      what: `--droplet ${number}`,
      why,
      next: "It stands in the address of its page.",
    });
  }
  const project = projectDir();
  if (project !== undefined) refuseTaken(project, name, number);
  const access = await openAccess(config, "");
  const found = await describeDroplet(access, { host: name, number, port: login.port ?? 22 });
  const user = login.user ?? "root";
  const target: Target = { ...login, name, user, kind: "droplet", address: found.address, hostKeys: [] };
  const { connectTimeout: _, ...way } = login;
  return {
    target: { ...target, hostKeys: await meet(target) },
    declared: (hostKeys) => ({ name, ...asDeclared(found, { ...way, user }, hostKeys) }),
  };
}

/** A name belongs to one host, and a droplet is only one host. */
function refuseTaken(project: string, name: string, number: string): void {
  const hosts = Object.values(loadHosts(join(project, "fleet.yaml")) ?? {});
  const known = [...readHosts(project, "droplet")];
  if (hosts.some((host) => host.name === name)) {
    const why = "fleet.yaml has a host of that name.";
    throw new InvalidError({ what: `the name ${name} is taken`, why, next: "Choose another one." });
  }
  const [there] = [
    ...hosts.flatMap((host) =>
      host.kind === "droplet" && host.droplet.adopt?.droplet === number ? [host.name] : [],
    ),
    ...known.flatMap(([host, { machine }]) => (machine === number ? [host] : [])),
  ];
  if (there === undefined) return;
  const why = `it is the host ${there} of this fleet already.`;
  throw new InvalidError({ where: name, what: `droplet ${number} is not taken up`, why });
}

function asDeclared(
  found: FoundDroplet,
  way: object,
  hostKeys: readonly string[],
): Omit<ImportedHost, "name"> {
  const { id, name, firewall, region, size, image, vpc, tags, reservedIp, left } = found;
  const { backups, monitoring, ipv6 } = found;
  return {
    cloud: { keys: {}, sshFrom: firewall?.sshFrom ?? EVERYBODY, region },
    entry: {
      kind: "droplet",
      adopt: { droplet: Number(id), ...(firewall && { firewall: firewall.id }), hostKeys },
      ...way,
      ...{ region, size, image, backups, monitoring },
      ...(ipv6 && { ipv6 }),
      ...(vpc !== undefined && { vpc }),
      ...(tags.length > 0 && { tags }),
      ...(reservedIp && { reservedIp }),
      ...(firewall && { sshFrom: firewall.sshFrom, open: firewall.open.map(openOf) }),
    },
    notes: [
      `droplet ${id}, which DigitalOcean calls ${name}, is taken up as it is; it is protected, and never made again by itself.`,
      "cloud.keys is empty: put a public key there before you declare a droplet that is to be made.",
      ...(firewall
        ? []
        : [
            "no firewall of its own was found, and none is made: SSH is let in from where it is today. " +
              "`sshFrom` or `open` under the host makes one.",
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
