/** A state as `pulumi stack export` writes it, as far as it matters here. */
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

const OURS = "muster:";
/** Of these the program asks, before it declares anything, what is there already. */
const LOOKED_UP = ["digitalocean:", "command:"];
const PROVIDERS = "pulumi:providers:";

/** The operations that a killed run left pending. */
export function pendingOf({ deployment }: Deployment) {
  return deployment?.pending_operations ?? [];
}

/**
 * Makes resources of what a killed run was creating. Their ids are known without it, being their names; whether
 * they are there, the next look at the host tells: what is there is kept, what is not is made again. What it was
 * making in a cloud is found there by the next run, by its tag or its name.
 *
 * @returns the state with nothing pending, and the names of what was adopted; undefined where a resource is pending
 * whose id only its maker knows: that one is for a person to look at
 */
export function adoptPending(
  exported: Deployment,
): { adopted: readonly string[]; deployment: Deployment } | undefined {
  const known = new Set(exported.deployment?.resources?.map(({ urn }) => urn));
  const creating = pendingOf(exported)
    .filter(({ type }) => type === "creating")
    .map(({ resource }) => resource)
    .filter(({ urn, type }) => !known.has(urn) && !type.startsWith(PROVIDERS));
  const ours = creating.filter(({ type }) => type.startsWith(OURS));
  const others = creating.filter(({ type }) => !type.startsWith(OURS));
  if (others.some(({ type }) => !LOOKED_UP.some((one) => type.startsWith(one)))) return undefined;
  const adopted = ours.map((resource) => ({
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
