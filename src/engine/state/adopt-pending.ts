/** The fields of a state in `pulumi stack export` that are used here. */
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
/** Types whose existing resources the program looks up before it declares any. */
const LOOKED_UP = ["digitalocean:", "command:"];
const PROVIDERS = "pulumi:providers:";

/** Returns the operations that a killed run left pending. */
export function pendingOf({ deployment }: Deployment) {
  return deployment?.pending_operations ?? [];
}

/**
 * Turns what a killed run was creating into resources of the state. The ids of Muster's resources are their
 * names; the next refresh shows whether they exist, and the run creates those that do not. Pending cloud
 * resources are dropped: the next run finds them by their tag or name.
 *
 * @returns the state without pending operations, and the names of the adopted resources; undefined if the id
 * of a pending resource cannot be known, so that a person must decide
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
