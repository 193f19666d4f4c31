import { pinnedText } from "../model/installation.ts";
import { hostId, installationId } from "../model/resource-id.ts";
import type { ResourceDefinition } from "./definition.ts";

/**
 * A pinned version of a runtime on a host with agents that use this version. The resource belongs to the platform's
 * stack, because root installs the version. It is a separate resource, so that a failed installation blocks only the
 * agents that use this version.
 */
export const installation: ResourceDefinition = {
  type: "Installation",
  declare: (fleet, { keep }) =>
    Object.values(fleet.hosts).flatMap(({ name: host, formerly }) => {
      const agents = Object.values(fleet.agents).filter((agent) => agent.host === host);
      const used = Object.values(fleet.runtimes).filter(({ name }) =>
        agents.some(({ pinned }) => pinned === name),
      );
      return used.map(({ name, version, mirror, url, pinned }) => {
        const origins = [mirror, url].filter((one) => one !== undefined);
        return {
          ...{
            type: "Installation",
            id: installationId(host, name),
            host,
            needs: [hostId(host)],
            protect: false,
          },
          formerly: formerly.map((former) => installationId(former, name)),
          items: {
            [name]: {
              ...{ kind: "installation", name },
              ...(origins.length > 0 && { origins: origins.join(" ") }),
              want: { version, integrity: keep(pinnedText(pinned)) },
            },
          },
        };
      });
    }),
};
