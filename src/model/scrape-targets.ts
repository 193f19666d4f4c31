/**
 * The scheme of a reference to a file with the addresses of hosts. Unlike other references, such a reference does not
 * name a secret.
 */
const SCHEME = "addresses";

interface HostAddresses {
  /** The declared address of each host; undefined if the address at which Muster reaches the host applies. */
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
 * @param addressOf returns the address at which Muster reaches a host; undefined if the address is not known yet. The
 *   text then contains the name of the host instead, so that Prometheus reports the host as silent.
 */
export function scrapeTargets(words: string, addressOf: (host: string) => string | undefined): string {
  const [port, ...hosts] = words.split(",");
  const targets = hosts.map((word) => {
    const [host = "", own] = word.split("=");
    return { targets: [`${own ?? addressOf(host) ?? host}:${port}`], labels: { host, instance: host } };
  });
  return `${JSON.stringify(targets, null, 2)}\n`;
}
