import { MARKER } from "../model/protocol.ts";
import type { Channel } from "./channel.ts";
import { connectFailure } from "./connect-failure.ts";
import { HostError } from "./host-error.ts";
import type { Target } from "./target.ts";

/** The maximum number of characters of other output that are skipped before the expected line. */
const MOST_NOISE = 64 * 1024;
/**
 * The number of milliseconds that is added to the timeout, so that the ConnectTimeout of ssh ends first. The message
 * from ssh is more precise than our own message.
 */
const HEAD_START = 500;

/**
 * Returns the rest of the next line that contains MARKER. Skips everything before MARKER, such as the output of the
 * login's rc files.
 *
 * @param seconds the maximum time to wait for the line
 * @param onLine called for each line that is skipped
 * @throws HostError if ssh ends, the line does not arrive in time, or there is too much other output
 */
export function nextMarked(
  channel: Channel,
  target: Target,
  seconds: number,
  onLine: () => void = () => {},
): Promise<string> {
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
      onLine();
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
    why: `it did not answer within ${seconds} s.`,
    next: "Check that it is up, and that logging in to it does not prompt for input.",
  });
}

function noisy(target: Target): HostError {
  return new HostError({
    host: target.name,
    reason: "garbled",
    what: "the host runtime does not answer",
    why: "the login printed more than 64 kB of other output.",
    next: "Check the rc files of the user that Muster logs in as.",
  });
}
