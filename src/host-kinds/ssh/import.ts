import type { FoundHost, ImportLogin } from "../imported-host.ts";

/** Describes a host to `fleet import` by its address, without contacting the host. */
export function foundSshHost(name: string, address: string, login: ImportLogin): FoundHost {
  const { connectTimeout: _, ...declaredLogin } = login;
  return {
    target: { ...login, name, kind: "ssh", address, hostKeys: [] },
    declared: (hostKeys) => ({
      ...{ name, notes: [], left: [] },
      entry: { kind: "ssh", address, ...declaredLogin, hostKeys },
    }),
  };
}
