import { MARKER } from "../model/protocol.ts";
import type { Channel } from "./channel.ts";
import { connectFailure } from "./connect-failure.ts";
import { HostError } from "./host-error.ts";
import type { Target } from "./target.ts";

/** Characters of a login's own output that are passed over before the first answer. */
const MOST_NOISE = 64 * 1024;
/** Milliseconds beyond ssh's own ConnectTimeout, whose message says more than ours. */
const HEAD_START = 500;

/**
 * The next line that the host marked as ours, without the mark. What comes before it, such as the output
 * of a noisy rc file, is passed over.
 *
 * @param seconds until the host counts as silent
 * @throws HostError when ssh ends, the host stays silent, or the noise does not end
 */
export function nextMarked(channel: Channel, target: Target, seconds: number): Promise<string> {
  let noise = "";
  return new Promise<string>((resolve, reject) => {
    const fail = (error: HostError) => {
      reject(error);
      channel.kill();
    };
    const timer = setTimeout(() => fail(silent(target, seconds)), seconds * 1000 + HEAD_START);
    void channel.ended.then((ending) => reject(connectFailure(target, ending, noise.slice(-400))));
    void channel.ended.finally(() => clearTimeout(timer));
    channel.onLine((line) => {
      const at = line.indexOf(MARKER);
      if (at !== -1) {
        clearTimeout(timer);
        return resolve(line.slice(at + MARKER.length));
      }
      noise += `${line}\n`;
      if (noise.length > MOST_NOISE) fail(noisy(target));
    });
  });
}

function silent(target: Target, seconds: number): HostError {
  return new HostError({
    host: target.name,
    reason: "timeout",
    what: "it cannot be reached",
    why: `it gave no answer within ${seconds} s.`,
    next: "Check that it is up, and that its login does not wait for something.",
  });
}

function noisy(target: Target): HostError {
  return new HostError({
    host: target.name,
    reason: "garbled",
    what: "nothing of ours answers",
    why: "the login prints more than 64 kB of its own.",
    next: "Check the rc files of its login.",
  });
}
