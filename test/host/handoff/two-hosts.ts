import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type Courier, deliverHandoffs } from "../../../src/host/handoff/deliver-handoffs.ts";
import { deliverMessages } from "../../../src/host/handoff/deliver-messages.ts";
import { runHandoff } from "../../../src/host/handoff/handoff-command.ts";
import { type InRequest, STEPS } from "../../../src/host/handoff/handoff-step.ts";
import type { WaitingHandoffs } from "../../../src/host/handoff/handoff-store.ts";
import { runMessage } from "../../../src/host/handoff/message-command.ts";
import { formerNames, receiveFromPeer } from "../../../src/host/handoff/receive-from-peer.ts";
import { withQueue } from "../../../src/host/tasks/open-queue.ts";
import { runTask } from "../../../src/host/tasks/task-command.ts";
import type { HostRoutes, QueueLimits, TaskRoute } from "../../../src/model/routes.ts";

export const GITHUB: TaskRoute = {
  capability: "github.push",
  agents: ["arc"],
  to: "arc",
  patterns: ["git push"],
};
const DETAILS = ["--progress", "half", "--remaining", "the rest", "--reason", "no time", "--wait", "0"];

type Side = "east" | "west";

/** The agents of a host, with their tenants. */
type Agents = Readonly<Record<string, string>>;

/**
 * Two hosts in a folder: iris on east; loom, and arc of another name in `arcOn`, on west. The hosts share no queue, and
 * a request from one host to the other passes the checks of the inbox.
 */
export function makeTwoHosts(
  agents: Readonly<Record<Side, Agents>> = { east: { iris: "north" }, west: { loom: "north", arc: "north" } },
  queues: Readonly<Record<string, QueueLimits>> = {},
) {
  const dir = mkdtempSync(join(tmpdir(), "muster-hosts-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const other = { east: "west", west: "east" } as const;
  const routes = {} as Record<Side, HostRoutes>;
  const saved = new Map<string, WaitingHandoffs>();
  const cut = new Set<Side>();
  const typed: string[] = [];
  const home = (agent: string) => join(dir, agent);
  const fileOf = (side: Side) => join(dir, `${side}.json`);
  const sideOf = (agent: string): Side =>
    Object.values(routes.east.users).includes(agent) ? "east" : "west";
  /** Writes the routes of a host, as `up` does. */
  const up = (side: Side, there: Readonly<Record<Side, Agents>>, renamed: Record<string, string> = {}) => {
    routes[side] = {
      users: Object.fromEntries(Object.keys(there[side]).map((name) => [name, name])),
      routes: [GITHUB],
      tenants: { ...there.east, ...there.west },
      elsewhere: Object.fromEntries(Object.keys(there[other[side]]).map((name) => [name, other[side]])),
      ...{ renamed, queues },
    };
    writeFileSync(fileOf(side), JSON.stringify(routes[side]));
    for (const agent of Object.keys(there[side])) mkdirSync(home(agent), { recursive: true });
  };
  for (const side of ["east", "west"] as const) up(side, agents);
  const as = (agent: string, run: typeof runTask, words: readonly string[]) => {
    const printed = { out: "", err: "" };
    const code = run(words, {
      ...{ user: () => agent, home: () => home(agent), stdin: () => "", become: () => {} },
      file: fileOf(sideOf(agent)),
      out: (text) => {
        printed.out += text;
      },
      err: (text) => {
        printed.err += text;
      },
    });
    const json = printed.out.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]));
    return { code, json, ...printed };
  };
  const step = (agent: string, name: keyof typeof STEPS, input: unknown) =>
    STEPS[name](
      { name: agent, home: home(agent), routes: [GITHUB], limits: queues[agent] ?? {} },
      input as never,
    ) as unknown;
  /** Sends a request to the inbox of the other host, as the tenant `north` on this host. */
  const ask = async (from: Side, request: unknown, tenant = "north") => {
    if (cut.has(from)) throw new Error("No route to host");
    const sent = JSON.parse(JSON.stringify(request));
    return receiveFromPeer(routes[other[from]], { host: from, tenant }, sent, {
      receive: async (agent, input) => step(agent, "in", input),
      type: async (target, source, message) => {
        typed.push(`${source} -> ${target}: ${message.text}`);
        return { verdict: "accepted" };
      },
    });
  };
  const deliver = async (source: string) => {
    const side = sideOf(source);
    const { users, elsewhere = {}, renamed = {} } = routes[side];
    const names = [...Object.values(users), ...Object.keys(elsewhere)];
    const courier: Courier = {
      nameNow: (one) => [one, renamed[one] ?? ""].find((name) => names.includes(name)),
      save: (waiting) => saved.set(source, waiting),
      run: async (agent, name, input) => {
        if (name !== "in" || !Object.hasOwn(elsewhere, agent)) return step(agent, name, input);
        const { handoffs } = input as InRequest;
        return ask(side, { op: "handoffs", source, target: agent, handoffs });
      },
    };
    await deliverHandoffs(courier, { name: source, formerly: formerNames(routes[side], source) });
    await deliverMessages({
      nameNow: courier.nameNow,
      next: async () => step(source, "messages", undefined),
      type: (target, message) => ask(side, { op: "message", source, target, message }),
      settle: async (outcomes) => {
        saved.set(source, step(source, "verdicts", outcomes) as WaitingHandoffs);
      },
    });
  };
  return {
    ...{ dir, home, saved, cut, typed, up, ask, deliver },
    task: (agent: string, ...words: string[]) => as(agent, runTask, words),
    handOff: (agent: string, to: string, task: number, ...more: string[]) =>
      as(agent, runHandoff, ["--agent", to, "--task-id", `${task}`, ...DETAILS, ...more]),
    message: (agent: string, ...words: string[]) => as(agent, runMessage, [...words, "--wait", "0"]),
    list: (agent: string) => as(agent, runHandoff, ["list"]).json,
    queue: <T>(agent: string, use: Parameters<typeof withQueue<T>>[3]): T =>
      withQueue(join(home(agent), ".muster/tasks.db"), [GITHUB], agent, use),
  };
}
