import type * as pulumi from "@pulumi/pulumi";
import type { Registered } from "../../../program/fleet-resource.ts";
import type { CloudAnswer } from "../preflight-protocol.ts";
import type { CloudSpec } from "../spec.ts";
import type * as Sdk from "./sdk.ts";

/** What the functions that declare a droplet and its attached resources share. */
export interface DropletContext {
  readonly sdk: typeof Sdk;
  /** `<project>/<stack>`. */
  readonly owner: string;
  readonly cloud: CloudSpec;
  readonly answer: CloudAnswer;
  readonly keys: readonly AccountKey[];
}

/** A public key in the account. */
export interface AccountKey {
  readonly id: pulumi.Input<string>;
  /** The resource of a key that this stack manages. */
  readonly self?: Registered;
}

/** Returns the options of a resource that is attached to a droplet and has the host's name. */
export function attachedOptions(self: Registered, formerly: readonly string[]): pulumi.CustomResourceOptions {
  return { dependsOn: self.ended, aliases: formerly.map((name) => ({ name })) };
}
