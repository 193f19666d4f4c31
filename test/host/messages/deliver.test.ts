import { describe, expect, test } from "vitest";
import type { MessageHost } from "../../../src/host/messages/attempt.ts";
import { deliver } from "../../../src/host/messages/deliver.ts";
import type { MessageRecord } from "../../../src/host/messages/message-store.ts";
import type { Evidence } from "../../../src/host/messages/transcript.ts";
import { parseScreen } from "../../../src/host/pane/parse-screen.ts";
import type { SendRequest } from "../../../src/model/message.ts";
import { runtimeOf } from "../../../src/runtimes/registry.ts";

const LINE = "─".repeat(40);
const PROMPT = [LINE, "❯ ", LINE];

/**
 * A simulated program at a terminal, and the host around the program. Each known pitfall of the real programs is an
 * option.
 */
class Stand implements MessageHost {
  /** Everything that was done, in order. */
  readonly done: string[] = [];
  record: MessageRecord | undefined;
  time = Date.parse("2026-11-30T10:00:00Z");
  draft = "";
  recorded: { evidence: Evidence; from: number }[] = [];
  screen: () => readonly string[] = () => [LINE, `❯ ${this.draft}`, LINE];
  isTaken = false;
  isLocked = false;
  acknowledges = false;
  isComplete = true;
  isDead = false;
  swallowedEnters = 0;
  /** Milliseconds after which an accepted message is recorded; undefined if the message is never recorded. */
  lateness: number | undefined = 0;
  isQueued = false;
  /** Called before a paste or an Enter; can throw, as when a session is killed. */
  onStep: (step: string) => void = () => {};
  readonly #text: string;

  constructor(text = "hello") {
    this.#text = text;
  }

  load = () => this.record;
  save = (message: MessageRecord) => {
    this.record = message;
    this.done.push(message.verdict ?? message.stage);
  };
  isHeld = () => this.isTaken;
  isAcknowledged = () => this.acknowledges;
  ends = () => ({});
  search = () => {
    const found = this.recorded.find(({ from }) => from <= this.time)?.evidence;
    return { isComplete: this.isComplete, ...(found && { found }) };
  };
  read = async () => ({
    ...{ width: 200, height: 50, rows: parseScreen(this.screen()) },
    ...{ isDead: this.isDead, isScrolled: false },
  });
  paste = async () => {
    this.onStep("paste");
    this.done.push("paste");
    this.draft += this.#text;
  };
  enter = async () => {
    this.onStep("enter");
    this.done.push("enter");
    if (this.swallowedEnters-- > 0) return;
    if (this.draft !== "" && this.lateness !== undefined) {
      const evidence = { place: `a.jsonl:${this.recorded.length}`, isQueued: this.isQueued };
      this.recorded.push({ evidence, from: this.time + this.lateness });
    }
    this.draft = "";
  };
  lock = () => (this.isLocked ? undefined : () => {});
  sleep = async (milliseconds: number) => {
    this.time += milliseconds;
  };
  now = () => this.time;
}

function request(more: Partial<SendRequest> = {}): SendRequest {
  const { conversation } = runtimeOf("claude");
  const base = { op: "send", agent: "iris", id: "m1", text: "hello", wait: 60, by: "ann@desk" } as const;
  return { ...base, ...(conversation && { conversation }), ...more };
}

const plain = (more: Partial<SendRequest> = {}) => {
  const { conversation: _, ...rest } = request(more);
  return rest;
};

describe("a message", () => {
  test("is on the disk before it is pasted, and counts as accepted when the transcript contains it", async () => {
    const stand = new Stand();
    expect(await deliver(stand, request())).toEqual({
      verdict: "accepted",
      evidence: "a.jsonl:0",
      isRetry: false,
    });
    expect(stand.done).toEqual(["intended", "paste", "pasted", "enter", "entered", "accepted"]);
  });

  test("is queued if a busy runtime records that it has queued the message", async () => {
    const stand = new Stand();
    stand.isQueued = true;
    expect((await deliver(stand, request())).verdict).toBe("queued");
  });

  test("gets another Enter, but is not pasted again, if the program has ignored the first Enter", async () => {
    const stand = new Stand();
    stand.swallowedEnters = 2;
    expect((await deliver(stand, request())).verdict).toBe("accepted");
    expect(stand.done.filter((one) => one === "paste")).toHaveLength(1);
    expect(stand.done.filter((one) => one === "enter")).toHaveLength(3);
  });

  test("counts as accepted although its record is 20 s late", async () => {
    const stand = new Stand();
    stand.lateness = 20_000;
    expect((await deliver(stand, request())).verdict).toBe("accepted");
  });

  test("counts as unconfirmed if no record appears", async () => {
    const stand = new Stand();
    stand.lateness = undefined;
    expect((await deliver(stand, request())).verdict).toBe("unconfirmed");
  });

  test("counts as delivered if no proof is requested", async () => {
    expect((await deliver(new Stand(), request({ wait: 0 }))).verdict).toBe("delivered");
  });

  test.each([
    ["permission", ["Do you want to proceed?", "❯ 1. Yes"]],
    ["menu", ["❯ 1. Dark mode"]],
    ["login", ["Select login method:", "❯ 1. Account"]],
    ["question", ["Do you trust the files?", "❯ 1. Yes"]],
    ["starting", ["Loading…"]],
    ["draft", [LINE, "❯ half a thought", LINE]],
  ])("is refused, and no key is typed: %s", async (reason, lines) => {
    const stand = new Stand();
    stand.screen = () => lines;
    expect(await deliver(stand, request())).toMatchObject({ verdict: "refused", reason });
    expect(stand.done).toEqual([]);
  });

  test("is refused if a person has the keyboard, if the program has ended, or if its text is not allowed", async () => {
    const held = new Stand();
    held.isTaken = true;
    expect(await deliver(held, request())).toMatchObject({ verdict: "refused", reason: "takeover" });
    const dead = new Stand();
    dead.isDead = true;
    expect(await deliver(dead, plain())).toMatchObject({ verdict: "refused", reason: "dead" });
    const unsafe = new Stand();
    expect(await deliver(unsafe, request({ text: "a\u001b[201~" }))).toMatchObject({
      verdict: "refused",
      reason: "text",
    });
    const locked = new Stand();
    locked.isLocked = true;
    expect(await deliver(locked, request())).toMatchObject({ verdict: "refused", reason: "typing" });
    expect([held, dead, unsafe, locked].flatMap(({ done }) => done)).toEqual([]);
  });

  test("waits for the prompt of a program that has just started", async () => {
    const stand = new Stand();
    const { screen, time } = stand;
    stand.screen = () => (stand.time < time + 5000 ? ["Loading…"] : screen());
    expect((await deliver(stand, request())).verdict).toBe("accepted");
  });

  test("gets no Enter if a dialog opens after the paste", async () => {
    const stand = new Stand();
    const { screen } = stand;
    stand.screen = () => (stand.draft === "" ? screen() : ["Do you want to proceed?", "❯ 1. Yes"]);
    expect((await deliver(stand, request())).verdict).toBe("unconfirmed");
    expect(stand.done).not.toContain("enter");
  });

  test("counts at most as delivered if it is sent to a plain program, unless the program acknowledges it", async () => {
    const stand = new Stand();
    stand.lateness = undefined;
    expect((await deliver(stand, plain())).verdict).toBe("delivered");
    stand.acknowledges = true;
    expect(await deliver(stand, plain())).toEqual({
      verdict: "accepted",
      evidence: "muster-ack",
      isRetry: true,
    });
  });
});

describe("a message that is sent again with its ID", () => {
  /** Sends a message, and kills the session at a step. */
  async function killedAt(stand: Stand, step: string, more: Partial<SendRequest> = {}): Promise<void> {
    stand.onStep = (one) => {
      if (one === step) throw new Error("killed");
    };
    const { record } = stand;
    await deliver(stand, request(more)).catch(() => {});
    stand.onStep = () => {};
    // A killed session writes no verdict.
    const { verdict: _, ...rest } = stand.record ?? record ?? ({} as MessageRecord);
    stand.record = rest as MessageRecord;
    stand.done.length = 0;
  }

  test("is not typed again if it was accepted", async () => {
    const stand = new Stand();
    await deliver(stand, request());
    stand.done.length = 0;
    expect(await deliver(stand, request())).toMatchObject({ verdict: "accepted", isRetry: true });
    expect(stand.done).not.toContain("paste");
  });

  test("gets only an Enter if its text is still at the prompt", async () => {
    const stand = new Stand();
    await killedAt(stand, "enter");
    expect((await deliver(stand, request())).verdict).toBe("accepted");
    expect(stand.done).toEqual(["enter", "entered", "accepted"]);
  });

  test("is pasted again only after the transcript proves that it did not arrive", async () => {
    const stand = new Stand();
    await killedAt(stand, "paste");
    const before = stand.time;
    expect((await deliver(stand, request())).verdict).toBe("accepted");
    expect(stand.done.filter((one) => one === "paste")).toHaveLength(1);
    expect(stand.time - before).toBeGreaterThanOrEqual(30_000);
  });

  test.each([
    [
      "the transcript was written again",
      (stand: Stand) => {
        stand.isComplete = false;
      },
    ],
    [
      "the agent works",
      (stand: Stand) => {
        stand.screen = () => ["(esc to interrupt)", ...PROMPT];
      },
    ],
    [
      "a dialog is open",
      (stand: Stand) => {
        stand.screen = () => ["❯ 1. Yes"];
      },
    ],
    [
      "a person has the keyboard",
      (stand: Stand) => {
        stand.isTaken = true;
      },
    ],
  ])("remains unconfirmed if nothing can be proved: %s", async (_, change) => {
    const stand = new Stand();
    await killedAt(stand, "paste");
    change(stand);
    expect(await deliver(stand, request())).toMatchObject({ verdict: "unconfirmed", isRetry: true });
    expect(stand.done).not.toContain("paste");
  });

  test("is never typed again to a plain program", async () => {
    const stand = new Stand();
    await killedAt(stand, "paste", {});
    expect(await deliver(stand, plain())).toMatchObject({ verdict: "unconfirmed", isRetry: true });
    expect(stand.done).not.toContain("paste");
  });

  test("is refused if its text differs from the first text", async () => {
    const stand = new Stand();
    await deliver(stand, request());
    expect(await deliver(stand, request({ text: "other" }))).toMatchObject({
      verdict: "refused",
      reason: "id",
    });
  });
});
