import type * as pulumi from "@pulumi/pulumi";
import { InvalidError } from "../../../base/errors.ts";
import type { FleetResource } from "../../../program/fleet-resource.ts";
import type { DropletHostSpec } from "../spec.ts";

/**
 * How the vendor's remote.Command, which knows no ssh_config, logs in to a host: with the key that was pinned on first
 * contact, and with the keys of the ssh-agent that `npx pulumi` gives it.
 *
 * @param machine the host, once it was met
 * @throws InvalidError where there is no agent
 */
export function connectionTo(
  { name, port, user }: DropletHostSpec,
  machine: FleetResource,
): { host: pulumi.Output<string>; hostKey: pulumi.Output<string>; port?: number; user?: string } {
  if (!process.env["SSH_AUTH_SOCK"]) {
    throw new InvalidError({
      where: name,
      what: "nothing to log in with",
      why: "neither `identityFile` is declared, in `cloud` or at the host, nor does an ssh-agent run.",
      next: "Write `identityFile: ` and the private half of one of `cloud.keys`, and use `npx pulumi`.",
    });
  }
  return {
    host: machine.value("address"),
    hostKey: machine.value("hostKey"),
    ...(port !== undefined && { port }),
    ...(user !== undefined && { user }),
  };
}
