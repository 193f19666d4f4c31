import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { MARKER, PROTOCOL } from "../../src/model/protocol.ts";

const MAIN = join(import.meta.dirname, "../../src/host/main.ts");

function serve(flags: readonly string[], ...lines: readonly string[]) {
  const { stdout, status } = spawnSync(process.execPath, ["--no-warnings", MAIN, ...flags], {
    input: lines.map((line) => `${line}\n`).join(""),
    encoding: "utf8",
  });
  const [hello = "", ...answers] = stdout.trim().split("\n");
  return { status, hello, answers: answers.map((line) => JSON.parse(line) as object) };
}

const frame = (seq: number, request: object) => JSON.stringify({ seq, request });
const WRITE = { op: "converge", id: "a", type: "Host", owner: "o/s", items: {}, contents: {}, secrets: {} };

describe("a session of the host runtime", () => {
  test("sends a greeting, answers each line in order, and ends when its input ends", () => {
    const lines = [1, 2, 3].map((seq) => frame(seq, { op: "observe", resources: [] }));
    const { status, hello, answers } = serve(["serve"], ...lines);
    expect(hello.startsWith(MARKER)).toBe(true);
    expect(JSON.parse(hello.slice(MARKER.length))).toMatchObject({
      protocol: PROTOCOL,
      node: process.versions.node,
    });
    expect(answers).toMatchObject([1, 2, 3].map((seq) => ({ seq, answer: { resources: {} } })));
    expect(status).toBe(0);
  });

  test("refuses requests that change something if the session is read-only", () => {
    const { answers } = serve(
      ["serve", "--read-only"],
      frame(1, WRITE),
      frame(2, { ...WRITE, op: "remove" }),
    );
    expect(answers).toMatchObject([
      { seq: 1, error: { what: 'the request "converge" was refused' } },
      { seq: 2, error: { what: 'the request "remove" was refused' } },
    ]);
  });

  test("answers an invalid or unknown request with an error, and continues", () => {
    const noRequests = ["{torn", "null", "[]", '"x"', '{"request":null}', '{"seq":1}'];
    const requests = [frame(2, { op: "constructor" }), frame(3, { op: "observe", resources: [] })];
    const { answers } = serve(["serve"], ...noRequests, ...requests);
    expect(answers).toMatchObject([
      ...noRequests.slice(0, -1).map(() => ({ seq: 0, error: {} })),
      { seq: 1, error: { what: "a line was refused", why: "it is not a request" } },
      { seq: 2, error: {} },
      { seq: 3, answer: {} },
    ]);
  });

  test("does not start if its command line has an unknown flag", () => {
    expect(serve(["serve", "--readonly"], frame(1, WRITE))).toMatchObject({ status: 2, hello: "" });
  });
});
