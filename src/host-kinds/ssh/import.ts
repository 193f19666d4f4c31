import type { FoundHost, ImportLogin } from "../imported-host.ts";

/** A host that is reached at an address; nothing is contacted yet. */
export function foundSshHost(name: string, address: string, login: ImportLogin): FoundHost {
  const { connectTimeout: _, ...way } = login;
  return {
    target: { ...login, name, kind: "ssh", address, hostKeys: [] },
    declared: (hostKeys) => ({
      ...{ name, notes: [], left: [] },
      entry: { kind: "ssh", address, ...way, hostKeys },
    }),
  };
}
