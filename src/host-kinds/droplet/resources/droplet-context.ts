import type * as pulumi from "@pulumi/pulumi";
import type { Registered } from "../../../program/muster-resource.ts";
import type { CloudAnswer } from "../preflight-protocol.ts";
import type { CloudSpec } from "../spec.ts";
import type * as Sdk from "./sdk.ts";

/** The parameters that all droplets of a stack and their attached resources have in common. */
export interface DropletContext {
  readonly sdk: typeof Sdk;
  /** The stack, as `<project>/<stack>`. */
  readonly owner: string;
  readonly cloud: CloudSpec;
  readonly answer: CloudAnswer;
  readonly keys: readonly AccountKey[];
}

/** A public key in the account. */
export interface AccountKey {
  readonly id: pulumi.Input<string>;
  /** The key's resource; present only if this stack manages the key. */
  readonly self?: Registered;
}

/** Returns the options for a resource that is attached to a droplet and named after the host. */
export function attachedOptions(self: Registered, formerly: readonly string[]): pulumi.CustomResourceOptions {
  return { dependsOn: self.ended, aliases: formerly.map((name) => ({ name })) };
}
