import type { FoundHost, ImportLogin } from "../import-types.ts";

/** Describes a host for `fleet import` by its address. Does not contact the host. */
export function foundSshHost(name: string, address: string, login: ImportLogin): FoundHost {
  const { connectTimeout: _, ...declaredLogin } = login;
  return {
    target: { ...login, name, kind: "ssh", address, hostKeys: [] },
    declared: (hostKeys) => ({
      ...{ name, notes: [], left: [] },
      ...(login.user !== undefined && { login: login.user }),
      entry: { kind: "ssh", address, ...declaredLogin, hostKeys },
    }),
  };
}
