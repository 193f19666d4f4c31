/**
 * Returns the Pulumi name in a resource's URN. The name can contain `::`.
 *
 * @param urn such as `urn:pulumi:S::P::T::NAME`
 */
export function nameInUrn(urn: string): string {
  return urn.split("::").slice(3).join("::");
}
