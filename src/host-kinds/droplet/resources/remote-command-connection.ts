import type * as pulumi from "@pulumi/pulumi";
import { InvalidError } from "../../../base/errors.ts";
import type { FleetResource } from "../../../program/muster-resource.ts";
import type { DropletHostSpec } from "../spec.ts";

/**
 * Returns the connection for the vendor's remote.Command, which does not read ssh_config. The command accepts only the
 * host key that was pinned at the first contact, and logs in with the keys in the ssh-agent that `npx pulumi` provides.
 *
 * @param machine the DropletHost resource, which provides the address and the host key
 * @throws InvalidError if there is no ssh-agent
 */
export function connectionTo(
  { name, port, user }: DropletHostSpec,
  machine: FleetResource,
): { host: pulumi.Output<string>; hostKey: pulumi.Output<string>; port?: number; user?: string } {
  if (!process.env["SSH_AUTH_SOCK"]) {
    throw new InvalidError({
      where: name,
      what: "there is no key to log in with",
      why: "`identityFile` is declared neither in `cloud` nor for the host, and no ssh-agent is running.",
      next: "Set `identityFile` to the private key for one of `cloud.keys`, and run `npx pulumi up`.",
    });
  }
  return {
    host: machine.value("address"),
    hostKey: machine.value("hostKey"),
    ...(port !== undefined && { port }),
    ...(user !== undefined && { user }),
  };
}
