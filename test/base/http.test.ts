import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { collectPages, isBusy, messageOf, NoAnswerError, request, withRetries } from "../../src/base/http.ts";

type Handler = Parameters<typeof createServer>[1];

async function serve(handler: Handler): Promise<string> {
  const server = createServer(handler as never);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

test("a request sends the token and the body, and returns the response even if the status is an error", async () => {
  const seen: unknown[] = [];
  const url = await serve((asked, answer) => {
    let body = "";
    asked.on("data", (part) => {
      body += part;
    });
    asked.on("end", () => {
      seen.push([asked.method, asked.headers.authorization, asked.headers["content-type"], body]);
      answer.writeHead(403, { "retry-after": "7" }).end('{"message":"\\u001b[2Jno"}');
    });
  });
  const answer = await request(url, { method: "POST", token: "t", body: { a: 1 }, patience: 5000 });
  expect(seen).toEqual([["POST", "Bearer t", "application/json", '{"a":1}']]);
  expect(answer).toMatchObject({ status: 403, isOk: false, retryAfter: 7 });
  expect(messageOf(answer)).toBe("\\u001b[2Jno");
  expect(isBusy(answer)).toBe(true);
});

test("a server that does not respond before the timeout causes a different error than an unreachable server", async () => {
  const url = await serve(() => undefined);
  const late = await request(url, { token: "t", patience: 50 }).catch((error: unknown) => error);
  expect(late).toBeInstanceOf(NoAnswerError);
  expect(late).toMatchObject({ isLate: true });
  const gone = await request("http://127.0.0.1:1/", { token: "t", patience: 5000 }).catch(
    (error: unknown) => error,
  );
  expect(gone).toMatchObject({ name: "NoAnswerError", isLate: false });
});

test("a request that treats redirects as errors does not contact the target of a redirect", async () => {
  const target = vi.fn();
  const other = await serve((_, answer) => {
    target();
    answer.end();
  });
  const url = await serve((_, answer) => void answer.writeHead(302, { location: other }).end());
  await expect(request(url, { token: "t", patience: 5000, redirect: "error" })).rejects.toThrow(
    NoAnswerError,
  );
  expect(target).not.toHaveBeenCalled();
});

test("a task is retried if its result requires a retry, until the deadline or the allowed number of attempts is reached", async () => {
  const work = vi.fn(async () => "busy");
  await withRetries({ attempts: 3 }, work, () => 1);
  expect(work).toHaveBeenCalledTimes(3);
  await withRetries({ attempts: 3, deadline: Date.now() + 1000 }, work, () => 60_000);
  expect(work).toHaveBeenCalledTimes(4);
  await withRetries({ attempts: 3 }, work, () => undefined);
  expect(work).toHaveBeenCalledTimes(5);
});

test("all pages of a list are read, up to a maximum number of pages", async () => {
  const readPage = async (page: number) => ({ entries: [page, page * 10], isLast: page === 3 });
  expect(await collectPages(readPage)).toEqual([1, 10, 2, 20, 3, 30]);
  expect(await collectPages(readPage, 2)).toEqual([1, 10, 2, 20]);
});
