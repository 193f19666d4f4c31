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
import { limiter } from "./limiter.ts";
import type { ReadingOptions, WritingOptions } from "./pool-options.ts";

/** One connection a host and run, for those who may only look. */
export interface ReaderPool {
  /** Connects on first use. Once that failed, every later call fails at once with the same error. */
  reader(host: string): Promise<HostReader>;
  /** Forgets a host's connection or failure, because it has changed: it was just booted, or removed. */
  reset(host: string): void;
  /** Ends all connections, after the answers that are still due. */
  close(): Promise<void>;
}

export interface HostPool extends ReaderPool {
  /** Like `reader`, and installs the wanted runtime where it is not there. Readers share the connection. */
  writer(host: string): Promise<HostWriter>;
  /**
   * Like `reader`: whatever runtime is there takes away what it put there, and none is installed for it, unless the
   * one that is there does not start.
   */
  remover(host: string): Promise<HostRemover>;
  /** Like `remover`: it starts and stops what `up` has put there. */
  controller(host: string): Promise<HostController>;
}

/** ssh processes that may be on their way at one time. */
const MOST_DIALS = 64;

/** Connections of one run. Without a runtime to install, the hosts refuse every changing request. */
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
