import { limiter } from "./concurrency-limit.ts";
import {
  controllerOn,
  type HostController,
  type HostReader,
  type HostRemover,
  type HostWriter,
  readerOn,
  removerOn,
  writerOn,
} from "./connect.ts";
import { doesNotStart, type HostSessions, hostSessions } from "./host-sessions.ts";
import type { ReadingOptions, WritingOptions } from "./pool-options.ts";

/** The reading connections of one run, at most one for each host. */
export interface ReaderPool {
  /**
   * Connects during the first call. If the connection fails, every later call immediately fails with the same error.
   */
  reader(host: string): Promise<HostReader>;
  /**
   * Closes and forgets the connection to a host, or forgets that a connection failed. The next call connects
   * again.
   */
  reset(host: string): void;
  /** Waits until all requests are answered, then ends all connections. */
  close(): Promise<void>;
}

export interface HostPool extends ReaderPool {
  /**
   * Like `reader`, but installs the required runtime if the host does not have this runtime. Later calls of `reader`
   * return the same connection as `writer`.
   */
  writer(host: string): Promise<HostWriter>;
  /**
   * Like `reader`, but returns a connection that can remove resources. Works with any version of the installed runtime.
   * The required runtime is installed only if the installed runtime does not start.
   */
  remover(host: string): Promise<HostRemover>;
  /**
   * Like `reader`, but returns a connection that can start and stop agents and services. Works with any version of the
   * installed runtime.
   */
  controller(host: string): Promise<HostController>;
}

/** The maximum number of connections that can be opened at the same time. */
const MOST_DIALS = 64;

/**
 * Returns the connections of one run. If `options` contains no runtime, the hosts refuse all requests that
 * would change them.
 */
export function hostPool(options: WritingOptions): HostPool;
export function hostPool(options: ReadingOptions): ReaderPool;
export function hostPool(options: ReadingOptions & Partial<WritingOptions>): HostPool {
  const hosts = new Map<string, HostSessions>();
  const dial = limiter(MOST_DIALS);
  const sessionsOf = (host: string): HostSessions => {
    const found = hosts.get(host) ?? hostSessions(host, options, dial);
    hosts.set(host, found);
    return found;
  };
  const reset = (host: string) => {
    void hosts.get(host)?.close();
    hosts.delete(host);
  };
  const resetting = <T extends HostRemover>(host: string, remover: T): T => ({
    ...remover,
    uninstall: () => remover.uninstall().finally(() => reset(host)),
  });
  return {
    reader: async (host) => readerOn(await sessionsOf(host).read()),
    writer: async (host) => {
      const { write, options } = sessionsOf(host);
      return resetting(host, writerOn(await write(), options));
    },
    remover: async (host) => {
      const { read, write, options } = sessionsOf(host);
      const session = await read().catch((error: unknown) => {
        if (doesNotStart(error)) return write();
        throw error;
      });
      return resetting(host, removerOn(session, options));
    },
    controller: async (host) => controllerOn(await sessionsOf(host).read()),
    reset,
    close: async () => void (await Promise.all([...hosts.values()].map((sessions) => sessions.close()))),
  };
}
