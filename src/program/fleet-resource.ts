import * as pulumi from "@pulumi/pulumi";

/** A resource as others name it, whether it comes to be or fails. */
export interface Registered {
  /** Names this resource to others without waiting for it. */
  readonly standIn: pulumi.Resource;
  /** Gives the stand-in when the engine is done with this resource, also where it failed. */
  readonly ended: Promise<pulumi.Resource>;
}

/**
 * Lets a resource fail alone.
 *
 * The SDK would turn the failed outputs into an unhandled rejection, the program would fail with it, and the engine
 * would then skip every delete of the run: so all outputs are recovered, and other resources name a failed one by its
 * stand-in. The engine knows which resources failed, skips those that depend on them, and keeps what is
 * recorded of them.
 *
 * @param types its type's token, after those of its parents, as its URN has them
 */
export function failingAlone(resource: pulumi.Resource, types: string, name: string): Registered {
  for (const output of Object.values(resource)) {
    if (pulumi.Output.isInstance(output)) pulumi.recover(output, () => undefined);
  }
  const urn = `urn:pulumi:${pulumi.getStack()}::${pulumi.getProject()}::${types}::${name}`;
  const standIn = new pulumi.DependencyResource(urn);
  const ended = new Promise<pulumi.Resource>((resolve) => {
    pulumi.recover(resource.urn, () => urn).apply(() => resolve(standIn));
  });
  return { standIn, ended };
}

/** An output for another resource's inputs: of a resource that failed nothing, for the engine skips the other then. */
export function outputOf<T>(output: pulumi.Output<T>, instead: T): pulumi.Output<T> {
  return pulumi.recover(output, () => instead);
}

/**
 * What makes a resource stand under its Host. The engine takes over a parent's protection where it hears nothing else,
 * and a language host built from Go (sdk 3.68) does not pass on a `false`; what a transform says arrives.
 */
function under(parent: FleetResource, protect: boolean): pulumi.CustomResourceOptions {
  const isOpen = parent.isProtected && !protect;
  const open: pulumi.ResourceTransform = async ({ props, opts }) => ({ props, opts: { ...opts, protect } });
  return { parent: parent.standIn, ...(isOpen && { transforms: [open] }) };
}

export interface FleetOptions extends Omit<pulumi.CustomResourceOptions, "parent" | "protect"> {
  /** The Host that it stands under. */
  readonly parent?: FleetResource;
  readonly protect: boolean;
}

/** A resource of Muster's provider, by its type's name. A host that is away fails its resources alone. */
export class FleetResource extends pulumi.CustomResource implements Registered {
  readonly standIn: pulumi.Resource;
  readonly ended: Promise<pulumi.Resource>;
  readonly isProtected: boolean;

  constructor(type: string, name: string, inputs: pulumi.Inputs, { parent, ...options }: FleetOptions) {
    const token = `muster:index:${type}`;
    super(token, name, inputs, { ...options, ...(parent && under(parent, options.protect)) });
    this.isProtected = options.protect;
    // Only a Host has resources under it.
    const types = parent === undefined ? token : `muster:index:Host$${token}`;
    const { standIn, ended } = failingAlone(this, types, name);
    this.standIn = standIn;
    this.ended = ended;
  }

  /** A text among its inputs and outputs, by a name that its inputs were given with. */
  value(name: string): pulumi.Output<string> {
    return outputOf(
      (this as unknown as Record<string, pulumi.Output<string>>)[name] as pulumi.Output<string>,
      "",
    );
  }
}
