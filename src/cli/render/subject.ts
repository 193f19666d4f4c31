/** Whom a finding is about: an agent, else a tenant, else the host itself. */
export function subject(of: { readonly agent?: string; readonly tenant?: string }): string {
  return of.agent ?? (of.tenant === undefined ? "(host)" : `(tenant ${of.tenant})`);
}
