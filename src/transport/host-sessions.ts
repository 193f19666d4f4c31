import { HostError, RuntimeError } from "./host-error.ts";
import { runs } from "./host-version.ts";
import type { OpenOptions } from "./open.ts";
import { openReading, openWriting } from "./open-session.ts";
import type { ReadingOptions, WritingOptions } from "./pool-options.ts";
import { runtimeFiles } from "./runtime-files.ts";
import type { Session } from "./session.ts";
import type { Target } from "./target.ts";

/** The one connection to one host, or the one failure to connect. */
export interface HostSessions {
  /** Whatever runtime is there; the writer's connection, once there is one. */
  read(): Promise<Session>;
  /** The wanted runtime: the reader's connection if it runs that, else a new one. */
  write(): Promise<Session>;
  close(): Promise<void>;
  /** With which it connects. */
  readonly options: OpenOptions;
}

/** @param dial runs a task that opens a connection, as soon as not too many others do */
export function hostSessions(
  host: string,
  options: ReadingOptions & Partial<WritingOptions>,
  dial: <T>(task: () => Promise<T>) => Promise<T>,
): HostSessions {
  let reading: Promise<Session> | undefined;
  let writing: Promise<Session> | undefined;
  let met: readonly string[] | undefined;
  const { runtime = runtimeFiles, learn, signal, dirs } = options;

  const resolve = (): Target => {
    const target = options.resolve(host);
    return { ...target, hostKeys: met ?? target.hostKeys };
  };
  const learnHostKey = (keys: string[]) => {
    met = keys;
    learn?.(host, keys);
  };
  const openOptions = { signal, dirs };
  const openReader = () =>
    dial(async () => openReading(resolve(), options.runtime ? "serve" : "look", openOptions));
  const openWriter = async () => {
    const wanted = runtime();
    const current = await reading?.catch(passWritable);
    if (current !== undefined && runs(current.hello, wanted)) return current;
    await current?.close();
    const firstContact = { ...openOptions, learnHostKey: learn && learnHostKey };
    return dial(async () => openWriting(resolve(), wanted, firstContact));
  };
  return {
    read: () => {
      if (writing !== undefined) return writing;
      reading ??= openReader();
      return reading;
    },
    write: () => {
      writing ??= openWriter();
      return writing;
    },
    close: async () => {
      const sessions = await Promise.allSettled([reading, writing]);
      await Promise.all(sessions.map((one) => one.status === "fulfilled" && one.value?.close()));
    },
    options: openOptions,
  };
}

/** A host that was never met, or has no runtime that serves us, can still be written to; one that is away cannot. */
function passWritable(error: unknown): undefined {
  if (error instanceof RuntimeError || doesNotStart(error)) return;
  if (error instanceof HostError && error.reason === "key-unknown") return;
  throw error;
}

/** Whether the login works and what is installed does not, as after a removal that was killed. */
export function doesNotStart(error: unknown): boolean {
  return error instanceof HostError && error.reason === "no-answer";
}
