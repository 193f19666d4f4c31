/** The reference to a file with the addresses of hosts. Unlike the references to secrets, it does not name a secret. */
const SCHEME = "addresses";

interface HostAddresses {
  /** The hosts, each with its declared address; undefined if the address is the one at which Muster reaches the host. */
  readonly hosts: Readonly<Record<string, string | undefined>>;
  readonly port: number;
}

/** Returns the reference in a declaration, such as `addresses:9100,hub=127.0.0.1,east`. */
export function addressReference({ hosts, port }: HostAddresses): string {
  const words = Object.entries(hosts).map(([name, own]) => (own === undefined ? name : `${name}=${own}`));
  return `${SCHEME}:${[port, ...words].join(",")}`;
}

/**
 * Returns the text of the file in the format of Prometheus's file_sd_configs.
 *
 * @param words the reference without its scheme
 * @param addressOf returns the address at which Muster reaches a host; undefined if it is not known yet. The name of the
 *   host then takes its place, so that the host is reported as silent instead of being forgotten.
 */
export function scrapeTargets(words: string, addressOf: (host: string) => string | undefined): string {
  const [port, ...hosts] = words.split(",");
  const targets = hosts.map((word) => {
    const [host = "", own] = word.split("=");
    return { targets: [`${own ?? addressOf(host) ?? host}:${port}`], labels: { host, instance: host } };
  });
  return `${JSON.stringify(targets, null, 2)}\n`;
}
