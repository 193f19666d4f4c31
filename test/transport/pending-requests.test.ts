import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { MusterError } from "../../src/base/errors.ts";
import { limiter } from "../../src/transport/concurrency-limit.ts";
import { pendingRequests } from "../../src/transport/pending-requests.ts";

const gone = new MusterError({ what: "gone", why: "cut." });

test("replies can arrive in any order", async () => {
  const pending = pendingRequests<string>(() => {});
  const [first, second] = [pending.add(9), pending.add(9)];
  pending.settle(second.seq, { answer: "b" });
  pending.settle(99, { answer: "nobody asked" });
  pending.settle(first.seq, { error: gone });
  await expect(second.answer).resolves.toBe("b");
  await expect(first.answer).rejects.toBe(gone);
});

test("all pending requests fail if the connection is lost, and none remains pending", async () => {
  const pending = pendingRequests<string>(() => {});
  const answers = [pending.add(9).answer, pending.add(9).answer];
  const idle = pending.idle();
  pending.failAll(gone);
  await idle;
  expect(await Promise.allSettled(answers)).toMatchObject([{ reason: gone }, { reason: gone }]);
});

test("a queue counts as hung only if no request is answered before the timeout", async () => {
  let hungAfter = 0;
  const pending = pendingRequests<string>((seconds) => {
    hungAfter = seconds;
  });
  const queue = [1, 2, 3, 4].map(() => pending.add(0.2));
  for (const { seq } of queue.slice(0, 3)) {
    await sleep(120);
    pending.settle(seq, { answer: "done" });
  }
  expect(hungAfter).toBe(0);
  await sleep(300);
  expect(hungAfter).toBe(0.2);
});

test("a limiter never runs more tasks at a time than its limit, and runs every task, even if some fail", async () => {
  const limited = limiter(3);
  let running = 0;
  let most = 0;
  const tasks = Array.from({ length: 10 }, (_, at) =>
    limited(async () => {
      running += 1;
      most = Math.max(most, running);
      await sleep(5);
      running -= 1;
      if (at % 2 === 0) throw gone;
    }),
  );
  const results = await Promise.allSettled(tasks);
  expect(most).toBe(3);
  expect(results.filter((one) => one.status === "fulfilled")).toHaveLength(5);
});
