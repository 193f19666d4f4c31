import { join } from "node:path";
import type { AgentSpec, CredentialSpec, Fleet } from "../../config/fleet.ts";
import { CREDENTIALS_DIR } from "../../model/host-paths.ts";
import { AS_DECLARED, type DirectoryItem, type FileItem } from "../../model/items.ts";
import { rootFolder } from "../root-files.ts";
import type { AgentPartDefinition } from "./part.ts";
import { readAtStart } from "./read-at-start.ts";

/**
 * An agent's secrets. Each is a file that only the agent's
 * user can read, in a folder that only root can change.
 */
export const credentialsPart: AgentPartDefinition = {
  part: "credentials",
  build: (fleet) => (agent) => {
    if (agent.credentials.length === 0) return {};
    const secrets = credentialsOf(fleet, agent).map((one) => [one.name, secretFile(agent, one)] as const);
    return { "their folder": folder(agent), ...Object.fromEntries(secrets) };
  },
};

function folder(agent: AgentSpec): DirectoryItem {
  return rootFolder(credentialsDir(agent), agent.tenant, "0710");
}

/**
 * Returns the path of the folder with an agent's or a service's secrets, which is also in MUSTER_CREDENTIALS.
 */
export function credentialsDir({ name }: { readonly name: string }): string {
  return join(CREDENTIALS_DIR, name);
}

/**
 * Returns the files for systemd's EnvironmentFile= with
 * the secrets that an agent gets as environment variables.
 */
export function environmentFiles(fleet: Fleet, agent: AgentSpec): string[] {
  return credentialsOf(fleet, agent)
    .filter((one) => one.env !== undefined)
    .map((one) => join(credentialsDir(agent), one.name));
}

function credentialsOf(fleet: Fleet, agent: AgentSpec): CredentialSpec[] {
  return agent.credentials.flatMap((name) => fleet.credentials[name] ?? []);
}

/**
 * Returns the only provider on which the agent reads a secret, if that is not its first provider. A change of
 * such a secret must not restart an agent that uses another provider.
 */
function onlyOn({ failover }: AgentSpec, name: string): Pick<FileItem, "choice"> {
  const [first, ...others] = failover?.choices ?? [];
  if (first === undefined || first.credentials.includes(name)) return {};
  const [choice, ...more] = others.filter(({ credentials }) => credentials.includes(name));
  return choice === undefined || more.length > 0 ? {} : { choice: choice.provider };
}

function secretFile(agent: AgentSpec, spec: CredentialSpec): FileItem {
  return {
    kind: "file",
    path: join(credentialsDir(agent), spec.name),
    secret: spec.from,
    ...readAtStart(agent),
    ...onlyOn(agent, spec.name),
    ...(spec.env === undefined ? {} : { envName: spec.env }),
    ...(spec.sharedBecause === undefined ? {} : { sharedBecause: spec.sharedBecause }),
    want: {
      type: "file",
      content: AS_DECLARED,
      owner: agent.user,
      group: agent.tenant,
      mode: "0400",
    },
  };
}
