import { HOST_KIND_NAMES, hostKindOf } from "../host-kinds/registry.ts";
import type { ProviderContext } from "./context.ts";
import type { ProviderFunction } from "./functions/provider-function.ts";
import type { Handler } from "./handlers/handler.ts";
import type { DeclaredHosts } from "./hosts/declared-host-connections.ts";

/** The part of the provider that handles the machines of one kind of host. */
export interface HostKindProvider {
  /** Returns the handlers for the resource types of this kind, by type. */
  handlers(context: ProviderContext): Readonly<Record<string, Handler>>;
  /** Returns the functions that the Pulumi program can call, by token. Absent if there are no functions. */
  functions?(context: ProviderContext): Readonly<Record<string, ProviderFunction>>;
  /**
   * Whether this kind creates the host's machine. Such a machine is deleted with everything on it when the host is
   * removed.
   */
  hasMachine(host: string): boolean;
}

/** The exports of `provider.ts` in the folder of a host kind. */
export interface HostKindProviderModule {
  provide(project: string, declared: DeclaredHosts): HostKindProvider;
}

/**
 * Loads the provider part of each host kind for which Muster creates machines. Only the provider needs these
 * parts, so the registry of host kinds does not import them.
 */
export function loadHostKindProviders(
  project: string,
  declared: DeclaredHosts,
): Promise<readonly HostKindProvider[]> {
  const made = HOST_KIND_NAMES.filter((kind) => hostKindOf({ kind }).machine !== undefined);
  return Promise.all(
    made.map(async (kind) => {
      const { provide }: HostKindProviderModule = await import(`../host-kinds/${kind}/provider.ts`);
      return provide(project, declared);
    }),
  );
}
