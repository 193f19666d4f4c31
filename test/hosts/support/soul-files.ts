import { type FourHosts, type Host, LAYOUT } from "./four-hosts.ts";

/** Changes the SOUL.md files of the agents on four hosts, and reads which versions the hosts have. */
export interface Souls {
  /** Declares a new text for all files. */
  change(): void;
  /**
   * Returns the first line and the size of each SOUL.md on these hosts. A partly written file differs from every
   * version that the test declares.
   */
  on(names: readonly Host[]): Promise<string[]>;
  /** Returns the first line and the size of each declared SOUL.md for these hosts. */
  declared(names: readonly Host[]): string[];
}

export function soulsOf(hosts: FourHosts): Souls {
  let version = 0;
  const soul = (host: Host) => {
    const name = agentOf(host);
    if (version === 0) return `# ${name}\n\nI am ${name}.\n`;
    return `# ${name}, version ${version}\n${"More of it.\n".repeat(500)}`;
  };
  const soulOn = (host: Host) => {
    const file = `/home/${agentOf(host)}/SOUL.md`;
    return hosts.inside(host, `head -n 1 ${file}; wc -c < ${file}`);
  };
  return {
    change: () => {
      version += 1;
      for (const host of LAYOUT.hosts) hosts.project.write(`identities/${agentOf(host)}.md`, soul(host));
    },
    on: (names) => Promise.all(names.map(soulOn)),
    declared: (names) => names.map((host) => `${soul(host).split("\n")[0]}\n${soul(host).length}`),
  };
}

function agentOf(host: Host): string {
  return LAYOUT.agents[host][0];
}
