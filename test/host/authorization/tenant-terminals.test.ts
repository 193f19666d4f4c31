import { describe, expect, test } from "vitest";
import { readAuthorizer } from "../../../src/host/authorization/read.ts";
import { terminalHandlers } from "../../../src/host/authorization/tenant-terminals.ts";
import type { Table } from "../../../src/host/serve.ts";
import { READERS } from "../../../src/host/serve.ts";
import type { TerminalRequest } from "../../../src/model/protocol.ts";
import type { TenantScope } from "../../../src/model/tenant-scope.ts";
import { RUNTIMES } from "../../../src/runtimes/registry.ts";
import { makeWorld } from "../world.ts";

const IRIS = {
  name: "iris",
  user: "iris",
  home: "/home/iris",
  unit: "muster-agent-iris.service",
  credentials: "/x",
};
const SCOPE: TenantScope = { host: "hub", tenant: "arc", slice: "muster-arc.slice", agents: [IRIS] };
const TABLE = terminalHandlers(SCOPE, "muster-tenant-arc");

const REQUESTS: readonly TerminalRequest[] = [
  { op: "pane", agent: "iris", after: 0 },
  { op: "keyboard", agent: "iris", act: "type", by: "ann@desk", keys: ["Up", "6162"] },
  { op: "log", agent: "iris", last: 10 },
  { op: "send", agent: "iris", id: "a", text: "hello", wait: 5, by: "ann@desk" },
  ...Object.values(RUNTIMES).flatMap((runtime): TerminalRequest[] => {
    const conversation = "conversation" in runtime ? runtime.conversation : undefined;
    return conversation === undefined
      ? []
      : [{ op: "send", agent: "iris", id: "a", text: "hello", wait: 5, by: "ann@desk", conversation }];
  }),
];

/** Sends a request to a host on which no agent runs. @returns the error: a refusal, or an error about the agent */
async function errorOf(request: TerminalRequest, table: Table = TABLE): Promise<string> {
  const { host } = makeWorld([], () => ({ status: 0, stdout: "User=\n", stderr: "" }));
  const handle = table[request.op] as ((on: typeof host, one: TerminalRequest) => unknown) | undefined;
  try {
    if (handle === undefined) return "no handler";
    return JSON.stringify(await handle(host, request));
  } catch (error) {
    return String(error);
  }
}

/** Requests that no client of Muster sends. */
const OTHER_FORMS: readonly object[] = [
  { op: "pane", agent: "../x", after: 0 },
  { op: "pane", agent: "iris", after: -1 },
  { op: "pane", agent: "iris", after: 0, more: 1 },
  { op: "keyboard", agent: "iris", act: "type", by: "a", keys: ["Up; kill-server"] },
  { op: "keyboard", agent: "iris", act: "kill", by: "a" },
  { op: "log", agent: "iris", last: 10, cursor: "a\nb" },
  { op: "send", agent: "iris", id: "../../x", text: "a", wait: 0, by: "a" },
  { op: "send", agent: "iris", id: "a", text: 5, wait: 0, by: "a" },
  { op: "send", agent: "iris", id: "a", text: "a", wait: 1e9, by: "a" },
  ...["/etc", "../x", "a/../../x"].map((path) => {
    const conversation = {
      prompt: {},
      dialogs: [],
      busy: [],
      records: [{ path, depth: 0, format: "jsonl" }],
    };
    return { op: "send", agent: "iris", id: "a", text: "a", wait: 0, by: "a", conversation };
  }),
];

describe("a tenant", () => {
  test.each(REQUESTS)("can send requests about the terminals of its own agents: $op %#", async (request) => {
    expect(await errorOf(request)).not.toMatch(/was refused for tenant/);
  });

  test.each(REQUESTS)("cannot send requests about other agents: $op %#", async (request) => {
    expect(await errorOf({ ...request, agent: "loom" })).toMatch(/"loom" was refused for tenant arc/);
  });

  test.each(OTHER_FORMS)("cannot send a request in another form: %j", async (request) => {
    expect(await errorOf(request as unknown as TerminalRequest)).toMatch(/was refused for tenant arc/);
  });
});

test.each(["pane", "keyboard", "log", "send"] as const)(
  "neither a reader's key nor a read-only session is allowed to send the request %s",
  (op) => {
    expect(readAuthorizer({} as never, "muster-read-x")[op]).toBeUndefined();
    expect(READERS[op]).toBeUndefined();
  },
);
