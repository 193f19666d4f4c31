import type { CredentialSpec, Fleet } from "../fleet.ts";
import { heldCredentials } from "./find-credential-holders.ts";
import type { Lint, Remark } from "./lint.ts";

/**
 * Refuses a login file that more than one agent or a service would get, because the copies of a login revoke each other
 * when one of them is renewed. Also refuses a login file at the path of another file.
 */
export const loginFile: Lint = (fleet) => [...ofSeveral(fleet), ...ofServices(fleet), ...atTakenPaths(fleet)];

function ofSeveral(fleet: Fleet): Remark[] {
  const groups = Map.groupBy(heldCredentials(fleet), ({ credential }) => credential.from);
  return [...groups.values()].flatMap((group) => {
    const holders = [...new Set(group.flatMap(({ listedBy }) => listedBy))];
    // Another lint refuses a login on two hosts.
    if (holders.length < 2 || new Set(holders.map(({ host }) => host)).size > 1) return [];
    const agents = holders.map(({ name }) => name);
    return group.flatMap(({ credential }) =>
      credential.file === undefined
        ? []
        : {
            keys: ["credentials", credential.name],
            sentence: `is a login file of ${agents.join(", ")}: its copies revoke each other when one of them is renewed; use one login for each agent`,
          },
    );
  });
}

function ofServices({ services, credentials }: Fleet): Remark[] {
  return Object.values(services).flatMap((service) =>
    service.credentials.flatMap((name, i) =>
      credentials[name]?.file === undefined
        ? []
        : {
            keys: ["services", service.name, "credentials", i],
            sentence: `"${name}" is a login file, which only an agent can have`,
          },
    ),
  );
}

function atTakenPaths(fleet: Fleet): Remark[] {
  return Object.values(fleet.agents).flatMap((agent) => {
    const { files = {} } = fleet.identities[agent.identity] ?? {};
    const taken = new Map<string, string>([
      ...Object.keys({ ...agent.settings.files, ...agent.settings.defaults }).map(
        (path) => [path, `the settings of ${agent.runtime}`] as const,
      ),
      ...Object.keys(files).map((path) => [path, `identity "${agent.identity}"`] as const),
    ]);
    return agent.credentials.flatMap((name): Remark[] => {
      const { file } = fleet.credentials[name] ?? ({} as Partial<CredentialSpec>);
      const owner = file === undefined ? undefined : taken.get(file);
      if (file !== undefined) taken.set(file, `credential "${name}"`);
      if (owner === undefined) return [];
      const sentence = `is ${file}, which ${owner} of agent "${agent.name}" already has: choose one of the two`;
      return [{ keys: ["credentials", name, "file"], sentence }];
    });
  });
}
