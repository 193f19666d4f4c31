import { join } from "node:path";
import type { FileItem } from "../model/items.ts";
import type { AgentSpec, IdentityFile } from "../spec/fleet.ts";
import type { Compiler, ResourceDefinition } from "./definition.ts";
import { agentId, tenantId } from "./ids.ts";

/** SOUL.md and the other files that make an agent who it is, in its home. */
export const identity: ResourceDefinition = {
  type: "Identity",
  declare: (fleet, compiler) =>
    Object.values(fleet.agents).map((agent) => ({
      type: "Identity",
      id: agentId(agent, "identity"),
      host: agent.host,
      tenant: agent.tenant,
      agent: agent.name,
      needs: [tenantId(agent.host, agent.tenant)],
      items: Object.fromEntries(
        Object.entries(fleet.identities[agent.identity]?.files ?? {}).map(([path, file]) => [
          path,
          identityFile(agent, path, file, compiler),
        ]),
      ),
    })),
};

function identityFile(agent: AgentSpec, path: string, file: IdentityFile, compiler: Compiler): FileItem {
  return {
    kind: "file",
    path: join(agent.home, path),
    actor: agent.user,
    want: {
      type: "file",
      content: compiler.keep(file.text),
      owner: agent.user,
      group: agent.tenant,
      mode: file.mode,
    },
  };
}
