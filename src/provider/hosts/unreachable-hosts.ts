import { sinceWhen } from "../../inventory/last-seen.ts";
import { HostError, mayComeBack } from "../../transport/host-error.ts";
import type { HostFacts, Hosts, ProviderContext } from "../context.ts";

/**
 * Watches how hosts are reached. The first time that one is away, the person is told of the host in one sentence,
 * which belongs to no resource; each of its resources then fails with a few words.
 */
export function trackReachability(
  hosts: Hosts,
  facts: HostFacts,
  tell: (sentence: string) => Promise<void>,
): Pick<ProviderContext, "hosts" | "isWaitedFor"> {
  const away = new Map<string, { readonly told: Promise<void>; readonly isWaitedFor: boolean }>();
  const reached = new Set<string>();
  const toldOf = (error: HostError) => {
    const isWaitedFor = mayComeBack(error) && facts.isIntermittent(error.host);
    return { told: tell(sentenceOf(error, facts, isWaitedFor)), isWaitedFor };
  };

  async function watch<T>(host: string, work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      if (!reached.has(host)) facts.noteReached(host);
      reached.add(host);
      return result;
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      const { told, isWaitedFor } = away.get(host) ?? toldOf(error);
      away.set(host, { told, isWaitedFor });
      await told;
      throw shortly(error, isWaitedFor);
    }
  }
  return {
    isWaitedFor: (host) => away.get(host)?.isWaitedFor === true,
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
      mover: (host) =>
        watch(host, async () => {
          const mover = await hosts.mover(host);
          return {
            leave: (request) => watch(host, () => mover.leave(request)),
            pack: (request) => watch(host, () => mover.pack(request)),
            arrive: (request) => watch(host, () => mover.arrive(request)),
            unpack: (request) => watch(host, () => mover.unpack(request)),
            settle: (request) => watch(host, () => mover.settle(request)),
          };
        }),
      remover: (host) =>
        watch(host, async () => {
          const remover = await hosts.remover(host);
          return {
            remove: (request) => watch(host, () => remover.remove(request)),
            uninstall: () => watch(host, remover.uninstall),
          };
        }),
      rename: hosts.rename,
      reset: (host) => {
        away.delete(host);
        hosts.reset(host);
      },
    },
  };
}

/** Which host, since when, why, and what to do. */
function sentenceOf({ host, what, why, next }: HostError, facts: HostFacts, isWaitedFor: boolean): string {
  const since = sinceWhen(facts.lastReached(host));
  const told = `${host} is away, ${since}: ${what}: ${why}${next === undefined ? "" : ` ${next}`}`;
  if (!facts.isDeclared(host)) {
    return `${told} fleet.yaml does not declare it any more: if it never comes back, \`npx fleet forget ${host}\`.`;
  }
  return isWaitedFor
    ? `${told} It is declared intermittent: what was last recorded of it counts, and changes wait until it is back.`
    : `${told} What is recorded of it is kept; when it is back, \`npx pulumi up\` finishes the work.`;
}

/** The same error for one of the host's resources. */
function shortly({ host, reason }: HostError, isWaitedFor: boolean): HostError {
  return isWaitedFor
    ? new HostError({ host, reason, what: "this change waits", why: "the host is away, as it may be." })
    : new HostError({ host, reason, what: "it is away", why: "the message at the stack tells more." });
}
