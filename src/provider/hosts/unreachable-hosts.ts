import { lastReachedText } from "../../inventory/last-seen.ts";
import { HostError, mayComeBack } from "../../transport/host-error.ts";
import type { HostFacts, Hosts, ProviderContext } from "../context.ts";

/**
 * Watches whether hosts are reachable. The first failure of a host is reported once for the entire stack, in
 * one sentence. Each resource of the host then fails with a short message.
 */
export function trackReachability(
  hosts: Hosts,
  facts: HostFacts,
  report: (sentence: string) => Promise<void>,
): Pick<ProviderContext, "hosts" | "isDeferred"> {
  const unreachable = new Map<string, { readonly reported: Promise<void>; readonly isDeferred: boolean }>();
  const reached = new Set<string>();
  const reportOf = (error: HostError) => {
    const isDeferred = mayComeBack(error) && facts.isIntermittent(error.host);
    return { reported: report(sentenceOf(error, facts, isDeferred)), isDeferred };
  };

  async function watch<T>(host: string, work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      if (!reached.has(host)) facts.noteReached(host);
      reached.add(host);
      return result;
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      const { reported, isDeferred } = unreachable.get(host) ?? reportOf(error);
      unreachable.set(host, { reported, isDeferred });
      await reported;
      throw shortError(error, isDeferred);
    }
  }
  return {
    isDeferred: (host) => unreachable.get(host)?.isDeferred === true,
    hosts: {
      reader: (host) =>
        watch(host, async () => {
          const reader = await hosts.reader(host);
          return { observe: (request) => watch(host, () => reader.observe(request)) };
        }),
      writer: (host) =>
        watch(host, async () => {
          const writer = await hosts.writer(host);
          return {
            converge: (request) => watch(host, () => writer.converge(request)),
            install: (request) => watch(host, () => writer.install(request)),
            supply: (request) => watch(host, () => writer.supply(request)),
            commit: (request) => watch(host, () => writer.commit(request)),
          };
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
        unreachable.delete(host);
        hosts.reset(host);
      },
    },
  };
}

/** Returns the sentence about an unreachable host, with the time of the last contact, the reason, and the next step. */
function sentenceOf({ host, what, why, next }: HostError, facts: HostFacts, isDeferred: boolean): string {
  const since = lastReachedText(facts.lastReached(host));
  const cause = what === "it cannot be reached" ? why : `${what}: ${why}`;
  const fact = `${host} is unreachable, ${since}: ${cause}${next === undefined ? "" : ` ${next}`}`;
  if (!facts.isDeclared(host)) {
    return `${fact} fleet.yaml no longer declares it: if it never comes back, run \`npx fleet forget ${host}\`.`;
  }
  return isDeferred
    ? `${fact} It is declared intermittent: its last recorded state is used, and changes are deferred until it is back.`
    : `${fact} Its recorded state is kept; when it is back, \`npx pulumi up\` finishes the work.`;
}

/** Returns the short error that is reported for each resource of the host. */
function shortError({ host, reason }: HostError, isDeferred: boolean): HostError {
  return isDeferred
    ? new HostError({
        ...{ host, reason, what: "this change is deferred" },
        why: "the host is unreachable, and fleet.yaml declares it intermittent.",
        next: "Run `npx pulumi up` when it is back.",
      })
    : new HostError({ host, reason, what: "it is unreachable", why: "the stack's warning says why." });
}
