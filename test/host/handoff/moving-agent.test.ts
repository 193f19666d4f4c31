import { expect, test } from "vitest";
import { receiveAs } from "../../../src/host/handoff/run-step.ts";
import { writeMark } from "../../../src/host/moves/move-state.ts";
import { IRIS, makeWorld } from "../world.ts";

test.each(["leaving", "gone", "arriving", "arrived"] as const)(
  "an agent with the mark %s of a move gets no tasks, because its home can already have been copied",
  async (state) => {
    const { host, home } = makeWorld();
    writeMark(host, { agent: "iris", state, move: "1", other: "west", since: "2026-01-01T00:00:00Z" });
    const account = { ...IRIS, home: home(), shell: "/bin/sh" };
    const request = { source: { name: "loom", formerly: [] }, handoffs: [] };
    await expect(receiveAs(host, account, "iris", request)).rejects.toThrow("iris is moving to another host");
  },
);
