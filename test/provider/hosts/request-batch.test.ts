import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { batched } from "../../../src/provider/hosts/request-batch.ts";

function counting() {
  const asked: string[][] = [];
  const ask = batched(async (gathered: readonly string[]) => {
    asked.push([...gathered]);
    if (gathered.includes("bad")) throw new Error("the host is unreachable");
    return gathered.join(" ");
  });
  return { asked, ask };
}

test("requests that are made at almost the same time are sent as one request, and each caller gets its answer", async () => {
  const { asked, ask } = counting();
  const first = ask("a");
  await sleep(5);
  expect(await Promise.all([first, ask("b")])).toEqual(["a b", "a b"]);
  expect(asked).toEqual([["a", "b"]]);
});

test("a later request is sent separately", async () => {
  const { asked, ask } = counting();
  await ask("a");
  expect(await ask("b")).toBe("b");
  expect(asked).toEqual([["a"], ["b"]]);
});

test("a failure rejects all requests of its batch, and no later requests", async () => {
  const { ask } = counting();
  const both = await Promise.allSettled([ask("a"), ask("bad")]);
  expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(await ask("a")).toBe("a");
});
