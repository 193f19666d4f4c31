import * as pulumi from "@pulumi/pulumi";

/** A registered resource that other resources can depend on, even if it fails. */
export interface Registered {
  /** Represents this resource in the dependencies of others, which then do not wait for it. */
  readonly standIn: pulumi.Resource;
  /**
   * Resolves to the stand-in when the engine has finished with this resource, even if the resource failed.
   */
  readonly ended: Promise<pulumi.Resource>;
}

/**
 * Prevents a failed resource from failing the whole program.
 *
 * The SDK turns failed outputs into an unhandled rejection, which fails the program, and the engine then
 * skips every delete of the run. Therefore all outputs are recovered, and other resources refer to a failed
 * one by its stand-in. The engine still knows which resources failed. It skips every resource that depends on
 * a failed one, and keeps the recorded state of the resources that it skips.
 *
 * @param types the type tokens in the resource's URN: those of its parents, and then its own
 */
export function isolateFailure(resource: pulumi.Resource, types: string, name: string): Registered {
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

/**
 * Returns an output for use as an input of another resource. If the first resource failed, the value is
 * `instead`, and the engine skips the other resource.
 */
export function outputOf<T>(output: pulumi.Output<T>, instead: T): pulumi.Output<T> {
  return pulumi.recover(output, () => instead);
}

/**
 * Returns the options that make a Host the parent of a resource. A resource inherits the Host's protection
 * unless its own `protect` is set. The language host that is built from Go (SDK 3.68) does not pass on
 * `protect: false` from the options, so a transform sets it.
 */
function under(parent: FleetResource, protect: boolean): pulumi.CustomResourceOptions {
  const isOpen = parent.isProtected && !protect;
  const open: pulumi.ResourceTransform = async ({ props, opts }) => ({ props, opts: { ...opts, protect } });
  return { parent: parent.standIn, ...(isOpen && { transforms: [open] }) };
}

export interface FleetOptions extends Omit<pulumi.CustomResourceOptions, "parent" | "protect"> {
  /**
   * The Host that becomes the parent. Absent for a Host or a machine, or if another stack has the Host.
   */
  readonly parent?: FleetResource;
  readonly protect: boolean;
}

/** A resource of Muster's provider. If a host is unreachable, only the resources on that host fail. */
export class FleetResource extends pulumi.CustomResource implements Registered {
  readonly standIn: pulumi.Resource;
  readonly ended: Promise<pulumi.Resource>;
  readonly isProtected: boolean;

  constructor(type: string, name: string, inputs: pulumi.Inputs, { parent, ...options }: FleetOptions) {
    const token = `muster:index:${type}`;
    super(token, name, inputs, { ...options, ...(parent && under(parent, options.protect)) });
    this.isProtected = options.protect;
    // Only a Host has child resources.
    const types = parent === undefined ? token : `muster:index:Host$${token}`;
    const { standIn, ended } = isolateFailure(this, types, name);
    this.standIn = standIn;
    this.ended = ended;
  }

  /** Returns the output that has the name of a string input. */
  value(name: string): pulumi.Output<string> {
    return outputOf(
      (this as unknown as Record<string, pulumi.Output<string>>)[name] as pulumi.Output<string>,
      "",
    );
  }
}
