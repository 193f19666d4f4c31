import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { InvalidError } from "../../base/errors.ts";
import type { DropletHostSpec } from "../../spec/fleet.ts";
import type { FleetResource } from "../resource.ts";

/**
 * How the vendor's remote.Command, which knows no ssh_config, logs in to a host: with the key that is declared or with
 * ssh-agent's, and with the key that was pinned on first contact.
 *
 * @param machine the host, once it was met
 * @throws InvalidError where there is no key to log in with
 */
export function connectionTo(
  { name, port, user, identityFile }: DropletHostSpec,
  machine: FleetResource,
): pulumi.Input<{ host: pulumi.Input<string>; hostKey: pulumi.Input<string> }> {
  const key = identityFile === undefined ? {} : { privateKey: pulumi.secret(privateKey(name, identityFile)) };
  if (identityFile === undefined && !process.env["SSH_AUTH_SOCK"]) {
    throw new InvalidError({
      where: name,
      what: "nothing to log in with",
      why: "neither `identityFile` is declared, in `cloud` or at the host, nor does an ssh-agent run.",
      next: "Write `identityFile: ` and the private half of one of `cloud.keys`.",
    });
  }
  return {
    host: machine.value("address"),
    hostKey: machine.value("hostKey"),
    ...(port !== undefined && { port }),
    ...(user !== undefined && { user }),
    ...key,
  };
}

function privateKey(host: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new InvalidError({
      where: host,
      what: "its private key cannot be read",
      why: `${file}: ${(cause as NodeJS.ErrnoException).code}.`,
      next: "Correct `identityFile`, or leave it out and use an ssh-agent.",
      cause,
    });
  }
}
