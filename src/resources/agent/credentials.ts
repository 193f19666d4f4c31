import { join } from "node:path";
import type { AgentSpec, CredentialSpec, Fleet } from "../../config/fleet.ts";
import { isLogin } from "../../model/detect-logins.ts";
import { CREDENTIALS_DIR } from "../../model/host-paths.ts";
import { AS_DECLARED, type DirectoryItem, type FileItem } from "../../model/items.ts";
import { runtimeOf } from "../../runtimes/registry.ts";
import { rootFolder } from "../root-files.ts";
import type { AgentPartDefinition } from "./part.ts";
import { readAtStart } from "./read-at-start.ts";

/**
 * An agent's secrets. Each secret is a file that only the agent's user can read, in a folder that only root
 * can change.
 */
export const credentialsPart: AgentPartDefinition = {
  part: "credentials",
  build: (fleet) => (agent) => {
    if (agent.credentials.length === 0) return {};
    const secrets = credentialsOf(fleet, agent).map(
      (one) =>
        [
          one.name,
          one.file === undefined ? secretFile(agent, one) : loginFile(agent, one, one.file),
        ] as const,
    );
    return { "their folder": folder(agent), ...Object.fromEntries(secrets) };
  },
};

function folder(agent: AgentSpec): DirectoryItem {
  return rootFolder(credentialsDir(agent), agent.tenant, "0710");
}

/**
 * Returns the path of the folder that contains the secrets of an agent or a service. The environment variable
 * MUSTER_CREDENTIALS contains the same path.
 */
export function credentialsDir({ name }: { readonly name: string }): string {
  return join(CREDENTIALS_DIR, name);
}

/**
 * Returns the files for systemd's EnvironmentFile=, with the secrets that an agent gets as environment
 * variables.
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
 * Returns the provider that needs a secret if it is the only one that needs the secret and is not the agent's first
 * provider. A change of this secret must not restart the agent while the agent uses another provider.
 */
function onlyOn({ failover }: AgentSpec, name: string): Pick<FileItem, "choice"> {
  const [first, ...others] = failover?.choices ?? [];
  if (first === undefined || first.credentials.includes(name)) return {};
  const [choice, ...more] = others.filter(({ credentials }) => credentials.includes(name));
  return choice === undefined || more.length > 0 ? {} : { choice: choice.provider };
}

/** Returns the variable of a secret. Uses the name that the agent's runtime accepts without a question to a person. */
function variableOf({ runtime }: AgentSpec, { env }: CredentialSpec): Pick<FileItem, "envName"> {
  return env === undefined ? {} : { envName: runtimeOf(runtime).renamedVariables?.[env] ?? env };
}

function secretFile(agent: AgentSpec, spec: CredentialSpec): FileItem {
  return {
    kind: "file",
    path: join(credentialsDir(agent), spec.name),
    secret: spec.from,
    ...readAtStart(agent),
    ...onlyOn(agent, spec.name),
    ...variableOf(agent, spec),
    ...(isLogin(spec) && { login: true }),
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

/** Returns the file of a login in the agent's home, which the agent's runtime renews. */
function loginFile(agent: AgentSpec, { from }: CredentialSpec, path: string): FileItem {
  return {
    kind: "file",
    path: join(agent.home, path),
    actor: agent.user,
    secret: from,
    ...readAtStart(agent),
    login: true,
    write: "adopt",
    want: {
      type: "file",
      content: AS_DECLARED,
      account: AS_DECLARED,
      owner: agent.user,
      group: agent.tenant,
      mode: "0600",
    },
  };
}
