/** Returns the subject of a finding: an agent, a service, a tenant or the host itself. */
export function subject(of: {
  readonly agent?: string;
  readonly service?: string;
  readonly tenant?: string;
}): string {
  return of.agent ?? of.service ?? (of.tenant === undefined ? "(host)" : `(tenant ${of.tenant})`);
}
