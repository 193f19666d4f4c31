import { requester } from "../../base/requester.ts";
import type { HostController } from "../../transport/connect.ts";
import { CLOSE_SCREEN, drawScreen, OPEN_SCREEN } from "./draw-screen.ts";
import { applyAnswer, NO_PANE, type PaneCopy } from "./pane-copy.ts";
import { parseKeys } from "./parse-keys.ts";
import { type Chosen, viewportOf } from "./viewport.ts";

/** The person's terminal. */
export interface LocalTerminal {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
}

export interface WatchOptions {
  readonly agent: string;
  readonly host: string;
  /** Whether the person types at the agent's terminal. */
  readonly isTakeover: boolean;
}

/**
 * Shows an agent's terminal until the person leaves. In a takeover, also sends the person's keys to this terminal.
 *
 * @throws MusterError if the keyboard cannot be taken, or if the connection is lost
 */
export async function showLive(
  controller: HostController,
  { input, output }: LocalTerminal,
  options: WatchOptions,
): Promise<void> {
  const { agent, isTakeover } = options;
  const request = { op: "keyboard", agent, by: requester() } as const;
  if (isTakeover) await controller.keyboard({ ...request, act: "take" });
  const view = new LiveView(output, options);
  let typing: Promise<unknown> = Promise.resolve();
  const onKeys = (bytes: Buffer) => {
    if (!isTakeover) return view.pressed(bytes);
    const { keys, isEnd } = parseKeys(bytes);
    if (keys.length > 0)
      typing = typing.then(() => controller.keyboard({ ...request, act: "type", keys })).catch(view.fail);
    if (isEnd) view.leave();
  };
  input.setRawMode(true);
  input.on("data", onKeys);
  output.on("resize", view.redraw);
  output.write(OPEN_SCREEN);
  try {
    await Promise.race([view.left, followPane(controller, view, agent)]);
    await typing;
    if (isTakeover) await controller.keyboard({ ...request, act: "return" });
  } finally {
    output.write(CLOSE_SCREEN);
    output.off("resize", view.redraw);
    input.off("data", onKeys);
    input.setRawMode(false);
    input.pause();
  }
}

async function followPane(controller: HostController, view: LiveView, agent: string): Promise<void> {
  while (!view.isLeft)
    view.show(applyAnswer(view.pane, await controller.pane({ op: "pane", agent, after: view.pane.number })));
}

/** Matches the keys that end the view for a person who only watches, in hexadecimal: q, Q, Ctrl-C and Ctrl-D. */
const LEAVES = /^(71|51|03|04)/;

/** The view on the person's terminal. */
class LiveView {
  pane: PaneCopy = NO_PANE;
  isLeft = false;
  readonly left: Promise<void>;
  #end: (error?: unknown) => void = () => {};
  #chosen: Chosen | undefined;
  #drawn: string[] = [];
  readonly #output: NodeJS.WriteStream;
  readonly #options: WatchOptions;

  constructor(output: NodeJS.WriteStream, options: WatchOptions) {
    this.#output = output;
    this.#options = options;
    this.left = new Promise((resolve, reject) => {
      this.#end = (error) => (error === undefined ? resolve() : reject(error));
    });
  }

  leave(): void {
    this.isLeft = true;
    this.#end();
  }

  readonly fail = (error: unknown): void => {
    this.isLeft = true;
    this.#end(error);
  };

  readonly redraw = (): void => {
    this.#drawn = [];
    this.#draw();
  };

  show(pane: PaneCopy): void {
    this.pane = pane;
    this.#draw();
  }

  /** Handles the keys of a person who only watches. The arrow keys move the visible part, and q ends the view. */
  pressed(bytes: Buffer): void {
    const { keys, isEnd } = parseKeys(bytes);
    if (isEnd || keys.some((key) => LEAVES.test(key))) {
      this.leave();
      return;
    }
    const { left, top } = viewportOf(this.pane, this.#output, this.#chosen);
    const move = { left, top };
    for (const key of keys) {
      if (key === "Left") move.left -= 10;
      if (key === "Right") move.left += 10;
      if (key === "Up") move.top -= 5;
      if (key === "Down") move.top += 5;
    }
    this.#chosen = keys.includes("Home") ? undefined : move;
    this.#draw();
  }

  #draw(): void {
    if (this.isLeft || this.pane.number === 0) return;
    const view = viewportOf(this.pane, this.#output, this.#chosen);
    this.#chosen &&= { left: view.left, top: view.top };
    this.#output.write(drawScreen(this.pane, view, this.#status(), this.#drawn));
  }

  #status(): string {
    const { agent, host, isTakeover } = this.#options;
    const { width, height, holder } = this.pane;
    const place = ` ${agent} on ${host} ${width}x${height}`;
    if (isTakeover) return `${place} | you have the keyboard | Ctrl-] leaves`;
    const typist = holder === undefined ? "" : ` | ${holder.by} has the keyboard`;
    return `${place} | read-only${typist} | q leaves, arrows move`;
  }
}
