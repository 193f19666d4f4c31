import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";

/** Debian's Chromium without a display. scripts/test.sh installs it. */
const PROGRAM = "/usr/bin/chromium-headless-shell";

/** Milliseconds to wait for the response to a command. */
const PATIENCE = 60_000;

type Values = Readonly<Record<string, unknown>>;

interface Frame {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Values;
  readonly result?: Values;
  readonly error?: { readonly message: string };
}

/** One page of a real browser, which is controlled with Chromium's DevTools protocol. */
export interface Page {
  /** Sends a command of the DevTools protocol. */
  send(method: string, params?: Values): Promise<Values>;
  /** Opens a file, and resolves when the browser has loaded it. */
  open(path: string): Promise<void>;
  /** Returns the value of a JavaScript expression in the page. */
  evaluate<Value>(expression: string): Promise<Value>;
  /** The URLs of all requests, and all messages of the console. */
  readonly requests: readonly string[];
  readonly messages: readonly string[];
  close(): Promise<void>;
}

/** Starts a browser with one page. */
export async function openBrowser(): Promise<Page> {
  const profile = mkdtempSync(join(tmpdir(), "muster-browser-"));
  const args = ["--no-sandbox", "--remote-debugging-pipe", `--user-data-dir=${profile}`, "about:blank"];
  // The program reads commands from descriptor 3 and writes responses to descriptor 4.
  const child = spawn(PROGRAM, args, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
  const requests: string[] = [];
  const messages: string[] = [];
  const pipe = commandPipe(child, ({ method, params = {} }) => {
    if (method === "Network.requestWillBeSent") requests.push((params["request"] as { url: string }).url);
    if (method === "Runtime.consoleAPICalled" || method === "Runtime.exceptionThrown")
      messages.push(JSON.stringify(params));
    if (method === "Log.entryAdded") messages.push(JSON.stringify(params["entry"]));
  });
  const { targetInfos } = (await pipe.send("Target.getTargets")) as { targetInfos: Values[] };
  const targetId = targetInfos.find(({ type }) => type === "page")?.["targetId"];
  const { sessionId } = await pipe.send("Target.attachToTarget", { targetId, flatten: true });
  const send = (method: string, params: Values = {}) => pipe.send(method, params, sessionId);
  for (const domain of ["Page", "Network", "Runtime", "Log"]) await send(`${domain}.enable`);
  return {
    ...{ send, requests, messages },
    open: async (path) => {
      const isLoaded = pipe.next("Page.loadEventFired");
      await send("Page.navigate", { url: `file://${path}` });
      await isLoaded;
    },
    evaluate: async <Value>(expression: string) => {
      const answer = await send("Runtime.evaluate", { expression, returnByValue: true });
      if ("exceptionDetails" in answer) throw new Error(JSON.stringify(answer["exceptionDetails"]));
      return (answer["result"] as { value: Value }).value;
    },
    close: async () => {
      const hasEnded = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await hasEnded;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Sends commands to a browser, and receives responses and events. Each frame ends with a NUL byte. */
function commandPipe(child: ChildProcess, onEvent: (frame: Frame) => void) {
  const [input, output] = [child.stdio[3] as Writable, child.stdio[4] as Readable];
  const pending = new Map<number, (frame: Frame) => void>();
  const awaited = new Map<string, () => void>();
  let [last, rest] = [0, ""];
  output.setEncoding("utf8").on("data", (text: string) => {
    const frames = (rest + text).split("\0");
    rest = frames.pop() ?? "";
    for (const frame of frames.map((one) => JSON.parse(one) as Frame)) {
      if (frame.id !== undefined) pending.get(frame.id)?.(frame);
      else onEvent(frame);
      awaited.get(frame.method ?? "")?.();
    }
  });
  return {
    next: (method: string) => inTime(method, (resolve) => awaited.set(method, () => resolve(undefined))),
    send: async (method: string, params: Values = {}, sessionId?: unknown): Promise<Values> => {
      last += 1;
      const id = last;
      const answer = inTime<Frame>(method, (resolve) => pending.set(id, resolve));
      input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
      const { result = {}, error } = await answer;
      if (error !== undefined) throw new Error(`${method}: ${error.message}`);
      return result;
    },
  };
}

function inTime<Value>(what: string, start: (resolve: (value: Value) => void) => void): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what}: the browser did not answer`)), PATIENCE);
    start((value) => {
      clearTimeout(timer);
      resolve(value);
    });
  });
}
