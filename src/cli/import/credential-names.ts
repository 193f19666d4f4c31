/** The maximum length of a name in fleet.yaml. */
const MOST = 31;

/** The names of the credentials in a proposal. Each credential gets a unique name. */
export interface CredentialNames {
  nameFor(agent: string, variable: string): string;
}

/**
 * Creates the names of a proposal's credentials. A name is cut to the maximum length. If another credential already has
 * this name, a number is added.
 */
export function credentialNames(): CredentialNames {
  const taken = new Set<string>();
  return {
    nameFor: (agent, variable) => {
      const slug = `${agent}-${variable.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}`;
      for (let number = 1; ; number++) {
        const end = number === 1 ? "" : `-${number}`;
        const name = `${slug.slice(0, MOST - end.length).replace(/-+$/, "")}${end}`;
        if (taken.has(name)) continue;
        taken.add(name);
        return name;
      }
    },
  };
}
