import * as pulumi from "@pulumi/pulumi";

/**
 * A resource of Muster's provider, by its type's name.
 *
 * A host that is away fails its resources alone. The SDK would turn the failed outputs into an unhandled
 * rejection, the program would fail with it, and the engine would then skip every delete of the run: so all
 * outputs are recovered, and other resources name a failed one by its stand-in. The engine knows which resources
 * failed, skips those that depend on them, and keeps what is recorded of them.
 */
export class FleetResource extends pulumi.CustomResource {
  /** Names this resource to others without waiting for it. */
  readonly standIn: pulumi.Resource;
  /** Gives the stand-in when the engine is done with this resource, also where it failed. */
  readonly ended: Promise<pulumi.Resource>;

  constructor(type: string, name: string, inputs: pulumi.Inputs, options: pulumi.CustomResourceOptions) {
    const token = `muster:index:${type}`;
    super(token, name, inputs, options);
    for (const output of Object.values(this)) {
      if (pulumi.Output.isInstance(output)) pulumi.recover(output, () => undefined);
    }
    const urn = `urn:pulumi:${pulumi.getStack()}::${pulumi.getProject()}::${token}::${name}`;
    this.standIn = new pulumi.DependencyResource(urn);
    this.ended = new Promise((resolve) => {
      pulumi.recover(this.urn, () => urn).apply(() => resolve(this.standIn));
    });
  }
}
