/** The fields in the output of `pulumi stack export` that Muster uses. */
export interface Deployment {
  readonly deployment: {
    readonly resources?: readonly StateResource[];
    readonly pending_operations?: readonly { readonly type: string; readonly resource: StateResource }[];
  } | null;
}

interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly inputs?: unknown;
}

const MUSTER = "muster:";
/**
 * The prefixes of the resource types for which the Pulumi program itself finds out whether a resource exists already.
 */
const LOOKED_UP = ["digitalocean:", "command:"];
const PROVIDERS = "pulumi:providers:";

/** Returns the pending operations that a killed run left in the state. */
export function pendingOf({ deployment }: Deployment) {
  return deployment?.pending_operations ?? [];
}

/**
 * Adds to the state the resources that a killed run was creating. The id of a Muster resource is its name.
 * The next refresh shows which of these resources exist, and the next run creates the missing resources.
 * Pending cloud resources are dropped, because the next run finds them by their tag or name.
 *
 * @returns the state without pending operations, and the names of the adopted resources; undefined if the id of a
 *   pending resource cannot be known; a person must then decide
 */
export function adoptPending(
  exported: Deployment,
): { adopted: readonly string[]; deployment: Deployment } | undefined {
  const known = new Set(exported.deployment?.resources?.map(({ urn }) => urn));
  const creating = pendingOf(exported)
    .filter(({ type }) => type === "creating")
    .map(({ resource }) => resource)
    .filter(({ urn, type }) => !known.has(urn) && !type.startsWith(PROVIDERS));
  const own = creating.filter(({ type }) => type.startsWith(MUSTER));
  const others = creating.filter(({ type }) => !type.startsWith(MUSTER));
  if (others.some(({ type }) => !LOOKED_UP.some((one) => type.startsWith(one)))) return undefined;
  const adopted = own.map((resource) => ({
    ...resource,
    id: nameOf(resource),
    outputs: resource.inputs,
    refreshBeforeUpdate: true,
  }));
  const resources = [...(exported.deployment?.resources ?? []), ...adopted];
  const deployment = { ...exported.deployment, resources, pending_operations: [] };
  return { adopted: adopted.map(nameOf), deployment: { ...exported, deployment } };
}

function nameOf({ urn }: StateResource): string {
  return urn.split("::").at(-1) ?? urn;
}
