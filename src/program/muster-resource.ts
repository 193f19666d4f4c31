import type * as pulumi from "@pulumi/pulumi";
import { CustomResource, DependencyResource, getProject, getStack, Output, recover } from "./pulumi-sdk.ts";

/** A registered resource on which other resources can depend, even if the registered resource fails. */
export interface Registered {
  /**
   * The resource that represents this resource in the dependencies of other resources. Other resources therefore do not
   * wait for this resource.
   */
  readonly standIn: pulumi.Resource;
  /**
   * Resolves to the stand-in when the engine has finished with this resource, even if the resource failed.
   */
  readonly ended: Promise<pulumi.Resource>;
}

/** A resource that can be the parent of other resources. */
export interface ResourceParent {
  readonly standIn: pulumi.Resource;
  /** The type tokens in its URN: the tokens of its parents, and then its own token. */
  readonly types: string;
  readonly isProtected: boolean;
  /** Whether this is the component that contains the fleet in the user's own program. */
  readonly isComponent?: true;
}

/** Returns a component as a parent. Waits until the component is registered. */
export async function componentParent(component: pulumi.ComponentResource): Promise<ResourceParent> {
  const urn = await new Promise<string>((resolve) => {
    component.urn.apply(resolve);
  });
  return { standIn: component, types: urn.split("::")[2] ?? "", isProtected: false, isComponent: true };
}

/**
 * Prevents a failed resource from failing the entire program.
 *
 * The SDK turns failed outputs into an unhandled rejection, which fails the program. The engine would then skip all
 * deletes of the run. All outputs are therefore recovered, and other resources refer to a failed resource by its
 * stand-in. The engine still knows which resources failed. It skips every resource that depends on a failed resource,
 * and keeps the recorded state of the resources that it skips.
 *
 * @param types the type tokens in the resource's URN: the tokens of its parents, and then its own token
 */
export function isolateFailure(resource: pulumi.Resource, types: string, name: string): Registered {
  recoverOutputs(resource);
  const urn = urnOf(types, name);
  const standIn = new DependencyResource(urn);
  const ended = new Promise<pulumi.Resource>((resolve) => {
    recover(resource.urn, () => urn).apply(() => resolve(standIn));
  });
  return { standIn, ended };
}

function recoverOutputs(resource: pulumi.Resource): void {
  for (const output of Object.values(resource)) {
    if (Output.isInstance(output)) recover(output, () => undefined);
  }
}

/**
 * Finds the resources of the user's program from which a value comes. If such a resource fails, prevents this from
 * failing the entire program. If another resource of that program uses a failed resource, the program still fails,
 * because this other resource could not be registered. The engine must then delete nothing.
 */
export function isolateSource(value: pulumi.Input<unknown>): void {
  if (Array.isArray(value)) {
    for (const one of value) isolateSource(one);
    return;
  }
  if (!Output.isInstance(value)) return;
  // The SDK's types do not contain this method.
  const { resources } = value as unknown as { readonly resources: () => ReadonlySet<pulumi.Resource> };
  for (const resource of resources()) recoverOutputs(resource);
}

/**
 * Returns an output for use as an input of another resource. If the first resource failed, the value is
 * `instead`, and the engine skips the other resource.
 */
export function outputOf<T>(output: pulumi.Output<T>, instead: T): pulumi.Output<T> {
  return recover(output, () => instead);
}

/**
 * Returns the options that make a Host the parent of a resource. A resource inherits the Host's protection unless its
 * own `protect` is set. A transform sets `protect: false`, because the language host that is built from Go (SDK 3.68)
 * drops this value from the options.
 */
function under(parent: ResourceParent, protect: boolean): pulumi.CustomResourceOptions {
  const isOpen = parent.isProtected && !protect;
  const open: pulumi.ResourceTransform = async ({ props, opts }) => ({ props, opts: { ...opts, protect } });
  return { parent: parent.standIn, ...(isOpen && { transforms: [open] }) };
}

/** The type of the component that contains the fleet in the user's own program. */
export const FLEET_TYPE = "muster:index:Fleet";

/**
 * Returns the aliases by which the engine recognizes a resource under its former names. A stack can change from
 * Muster's own program to the user's own program, which has the Fleet component, and back. The change back requires a
 * Fleet without a parent, because a URN contains the types of all parents.
 */
export function aliasesOf(
  type: string,
  name: string,
  formerly: readonly string[],
  parent: ResourceParent | undefined,
): (pulumi.Alias | string)[] {
  const renamed = formerly.map((former) => ({ name: former }));
  if (parent !== undefined && parent.isComponent !== true) return renamed;
  const types = parent === undefined ? `${FLEET_TYPE}$muster:index:${type}` : `muster:index:${type}`;
  return [...renamed, ...[name, ...formerly].map((one) => urnOf(types, one))];
}

function urnOf(types: string, name: string): string {
  return `urn:pulumi:${getStack()}::${getProject()}::${types}::${name}`;
}

export interface FleetOptions extends Omit<pulumi.CustomResourceOptions, "parent" | "protect"> {
  /**
   * The Host, or the component that contains the fleet. Absent at the top of Muster's own program.
   */
  readonly parent?: ResourceParent | undefined;
  readonly protect: boolean;
}

/** A resource of Muster's provider. If a host is unreachable, only the resources on that host fail. */
export class FleetResource extends CustomResource implements Registered, ResourceParent {
  readonly standIn: pulumi.Resource;
  readonly ended: Promise<pulumi.Resource>;
  readonly types: string;
  readonly isProtected: boolean;

  constructor(type: string, name: string, inputs: pulumi.Inputs, { parent, ...options }: FleetOptions) {
    const token = `muster:index:${type}`;
    super(token, name, inputs, { ...options, ...(parent && under(parent, options.protect)) });
    this.isProtected = options.protect;
    this.types = parent === undefined ? token : `${parent.types}$${token}`;
    const { standIn, ended } = isolateFailure(this, this.types, name);
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
