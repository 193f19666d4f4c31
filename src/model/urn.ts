/**
 * The Pulumi name of a resource, which Muster chooses and which may contain `::`. @param urn such as
 * `urn:pulumi:S::P::T::NAME`
 */
export function nameInUrn(urn: string): string {
  return urn.split("::").slice(3).join("::");
}
