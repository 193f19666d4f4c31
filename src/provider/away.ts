import { sinceWhen } from "../inventory/reached.ts";
import { HostError } from "../transport/host-error.ts";
import type { HostFacts, Hosts, Services } from "./services.ts";

/**
 * Watches how hosts are reached. The first time that one is away, the person is told of the host in one sentence,
 * which belongs to no resource; each of its resources then fails with a few words.
 */
export function watchHosts(
  hosts: Hosts,
  facts: HostFacts,
  tell: (sentence: string) => Promise<void>,
): Pick<Services, "hosts" | "isWaitedFor"> {
  const away = new Map<string, Promise<void>>();
  const reached = new Set<string>();
  const isWaitedFor = (host: string) => away.has(host) && facts.isIntermittent(host);

  async function watch<T>(host: string, work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      if (!reached.has(host)) facts.noteReached(host);
      reached.add(host);
      return result;
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      const told = away.get(host) ?? tell(sentenceOf(error, facts));
      away.set(host, told);
      await told;
      throw shortly(error, isWaitedFor(host));
    }
  }
  return {
    isWaitedFor,
    hosts: {
      reader: (host) =>
        watch(host, async () => {
          const reader = await hosts.reader(host);
          return { observe: (request) => watch(host, () => reader.observe(request)) };
        }),
      writer: (host) =>
        watch(host, async () => {
          const writer = await hosts.writer(host);
          return { converge: (request) => watch(host, () => writer.converge(request)) };
        }),
      remover: (host) =>
        watch(host, async () => {
          const remover = await hosts.remover(host);
          return {
            remove: (request) => watch(host, () => remover.remove(request)),
            uninstall: () => watch(host, remover.uninstall),
          };
        }),
      reset: (host) => {
        away.delete(host);
        hosts.reset(host);
      },
    },
  };
}

/** Which host, since when, why, and what to do. */
function sentenceOf({ host, what, why, next }: HostError, facts: HostFacts): string {
  const since = sinceWhen(facts.lastReached(host));
  const told = `${host} is away, ${since}: ${what}: ${why}${next === undefined ? "" : ` ${next}`}`;
  if (!facts.isDeclared(host)) {
    return `${told} fleet.yaml does not declare it any more: if it never comes back, \`npx fleet forget ${host}\`.`;
  }
  return facts.isIntermittent(host)
    ? `${told} It is declared intermittent: what was last recorded of it counts, and changes wait until it is back.`
    : `${told} What is recorded of it is kept; when it is back, \`npx pulumi up\` finishes the work.`;
}

/** The same error for one of the host's resources. */
function shortly({ host, reason }: HostError, isWaitedFor: boolean): HostError {
  return isWaitedFor
    ? new HostError({ host, reason, what: "this change waits", why: "the host is away, as it may be." })
    : new HostError({ host, reason, what: "it is away", why: "the message at the stack tells more." });
}
