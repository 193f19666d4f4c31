import { type ModelRequest, shellTask } from "../../doubles/models/index.ts";
import type { Asked } from "../../doubles/models/reply.ts";
import { VICTIMS, type Victim } from "./killed-send.ts";
import { drawFrom } from "./random.ts";

/** A message to an agent, and the kill of its first attempt. */
export interface RandomMessage {
  readonly id: string;
  readonly text: string;
  readonly victim: Victim;
  /** The milliseconds after which the victim is killed. */
  readonly after: number;
}

/** Sizes of messages in bytes. */
const SIZES = [1, 30, 1000, 8000, 65_536];

/** The messages of 1 byte. No runtime sends such a text in another place. */
const SHORT = "~^";

/** The longest time in milliseconds after which a victim is killed. A send takes 2 to 6 seconds. */
const LATEST = 6000;

/**
 * Returns random messages. After about half of the messages, the agent works for some seconds, so that the next message
 * meets a busy agent.
 */
export function randomMessages(seed: number, count: number): RandomMessage[] {
  const draw = drawFrom(seed);
  const sizes = Array.from({ length: Math.ceil(count / SIZES.length) }, () => draw.shuffled(SIZES)).flat();
  let short = 0;
  return sizes.slice(0, count).map((size, i) => {
    const isShort = size === 1 && short < SHORT.length;
    const text = isShort
      ? (SHORT[short++] ?? "")
      : textOf(`${seed}-${i}`, Math.max(size, 30), draw.chance(0.5));
    return { id: `m-${seed}-${i}`, text, victim: draw.pick(VICTIMS), after: draw.below(LATEST) };
  });
}

/** Returns a text of several lines, which starts with the name of the message. */
function textOf(name: string, size: number, isTask: boolean): string {
  const start = `Message ${name}.\n`;
  const end = isTask && size > 100 ? `\n${shellTask("sleep 8")}` : "\nthe end";
  const line = "Quotes \" ' `, $HOME, a \\ and 0123456789.\n";
  const middle = line
    .repeat(Math.ceil(size / line.length))
    .slice(0, Math.max(0, size - start.length - end.length));
  return `${start}${middle.trimEnd()}${end}`;
}

/** Whether the model must run a command or report a result of one. */
export function isTask({ last }: Asked): boolean {
  return last.isResult || last.text.includes("SHELL ");
}

/**
 * Returns a function that returns how often the model has received each message: the largest number in one request. Each
 * request contains the entire conversation, so the function reads each request only once.
 */
export function messageCounter(texts: readonly string[]): (requests: readonly ModelRequest[]) => number[] {
  const counts = texts.map(() => 0);
  const read = new Set<ModelRequest>();
  return (requests) => {
    for (const request of requests.filter((one) => one.offersTools && !read.has(one))) {
      read.add(request);
      const received = stringsIn(JSON.parse(request.body));
      const all = compact(received.join("\0"));
      const lines = received.flatMap((one) => one.split("\n"));
      for (const [i, text] of texts.entries()) {
        const times =
          text.length === 1
            ? lines.filter((line) => line.trim() === text).length
            : all.split(compact(text)).length - 1;
        counts[i] = Math.max(counts[i] ?? 0, times);
      }
    }
    return [...counts];
  };
}

function stringsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}

/** Removes white space, which some runtimes change. */
function compact(text: string): string {
  return text.replaceAll(/\s+/g, "");
}
