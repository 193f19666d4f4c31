import { HostError, RuntimeError } from "./host-error.ts";
import { runs } from "./host-version.ts";
import { openReading, openWriting } from "./open-session.ts";
import type { ReadingOptions, WritingOptions } from "./pool-options.ts";
import { runtimeFiles } from "./runtime-files.ts";
import type { Session } from "./session.ts";
import type { OpenOptions } from "./start-remote-program.ts";
import type { Target } from "./target.ts";

/**
 * The connections to one host. Each connection is opened at most once. If this fails, the error is kept, and there is
 * no second attempt.
 */
export interface HostSessions {
  /** Connects to any version of the runtime. Returns the writing connection if there already is one. */
  read(): Promise<Session>;
  /**
   * Connects to the required version of the runtime. Returns the reading connection if its runtime has this
   * version.
   */
  write(): Promise<Session>;
  close(): Promise<void>;
  /** The options for new connections to the host. */
  readonly options: OpenOptions;
}

/**
 * Returns the connections to a host.
 *
 * @param dial runs a task that opens a connection, and limits how many of these tasks run at the same time
 */
export function hostSessions(
  host: string,
  options: ReadingOptions & Partial<WritingOptions>,
  dial: <T>(task: () => Promise<T>) => Promise<T>,
): HostSessions {
  let reading: Promise<Session> | undefined;
  let writing: Promise<Session> | undefined;
  let learnedKeys: readonly string[] | undefined;
  const { runtime = runtimeFiles, learn, signal, dirs } = options;

  const resolve = (): Target => {
    const target = options.resolve(host);
    return { ...target, hostKeys: learnedKeys ?? target.hostKeys };
  };
  const learnHostKey = (keys: string[]) => {
    learnedKeys = keys;
    learn?.(host, keys);
  };
  const openOptions = { signal, dirs };
  const openReader = () =>
    dial(async () => openReading(resolve(), options.runtime ? "serve" : "look", openOptions));
  const openWriter = async () => {
    const wanted = runtime();
    const current = await reading?.catch(ignoreIfWritable);
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

/**
 * Ignores an error of the reading connection if the writing connection might still succeed, because `up` can pin a
 * missing key and install a missing or broken runtime. Throws all other errors.
 */
function ignoreIfWritable(error: unknown): undefined {
  if (error instanceof RuntimeError || doesNotStart(error)) return;
  if (error instanceof HostError && error.reason === "key-unknown") return;
  throw error;
}

/**
 * Whether an error means that the login works but the installed runtime does not start. A possible cause is a
 * run that was killed while it removed the runtime.
 */
export function doesNotStart(error: unknown): boolean {
  return error instanceof HostError && error.reason === "no-answer";
}
