import type * as pulumi from "@pulumi/pulumi";
import type { Registered } from "../../../program/fleet-resource.ts";
import type { CloudAnswer } from "../preflight-protocol.ts";
import type { CloudSpec } from "../spec.ts";
import type * as Sdk from "./sdk.ts";

/** What the parts of one droplet are declared with. */
export interface Making {
  readonly sdk: typeof Sdk;
  /** `<project>/<stack>`. */
  readonly owner: string;
  readonly cloud: CloudSpec;
  readonly answer: CloudAnswer;
  readonly keys: readonly AccountKey[];
}

/** A key in the account; of one that is ours also the resource. */
export interface AccountKey {
  readonly id: pulumi.Input<string>;
  readonly self?: Registered;
}

/** The options of what stands at a host's droplet and has the host's name. */
export function after(self: Registered, formerly: readonly string[]): pulumi.CustomResourceOptions {
  return { dependsOn: self.ended, aliases: formerly.map((name) => ({ name })) };
}
