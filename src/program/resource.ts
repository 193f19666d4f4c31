import * as pulumi from "@pulumi/pulumi";

/**
 * A resource of Muster's provider, by its type's name.
 *
 * `recover`: a host that is away fails its resources alone. Without it the SDK turns the failed outputs
 * into an unhandled rejection, and the engine then skips every delete of the run.
 */
export class FleetResource extends pulumi.CustomResource {
  constructor(type: string, name: string, inputs: pulumi.Inputs, options: pulumi.CustomResourceOptions) {
    super(`muster:index:${type}`, name, inputs, options);
    for (const output of Object.values(this)) {
      if (pulumi.Output.isInstance(output)) pulumi.recover(output, () => undefined);
    }
  }
}
