import type { Lint } from "./lint.ts";

/** An error if a repository restarts something other than its agent, or a service on the host of its agent. */
export const restartsOfRepository: Lint = (fleet, { services }) =>
  Object.values(fleet.agents).flatMap(({ name, host, repository }) =>
    Object.keys(repository?.restarts ?? {}).flatMap((reader) => {
      if (reader === name || fleet.services[reader]?.host === host) return [];
      if (services?.has(reader) && fleet.services[reader] === undefined) return [];
      const sentence = `is neither "${name}" nor a service on "${host}"`;
      return [{ keys: ["agents", name, "repository", "restarts", reader], sentence }];
    }),
  );
