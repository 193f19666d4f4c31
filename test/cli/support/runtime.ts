/**
 * Replaces `ssh`, and answers like a host on which `up` has just run. The file `hosts.json`, in the folder of the `ssh`
 * that started this program, lists later changes on each host, or says that the host is unreachable.
 */
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { MARKER, PROTOCOL, type RequestFrame } from "../../../src/model/protocol.ts";
import { answerTo, type Changes } from "./answers.ts";

const [dir = "", ...args] = process.argv.slice(2);
const name = args.join(" ").match(/HostKeyAlias=(\S+)/)?.[1] ?? "";
appendFileSync(join(dir, "calls"), `${args.join(" ")}\n`);
const hosts = JSON.parse(readFileSync(join(dir, "hosts.json"), "utf8")) as Record<string, Changes | "away">;
const host = hosts[name] ?? {};

if (args.includes("whoami")) {
  console.log("root");
  process.exit(3);
}
if (host === "away") {
  console.error(`ssh: connect to host ${name} port 22: \u001b[31mConnection refused`);
  process.exit(255);
}
console.log(`${MARKER}${JSON.stringify({ protocol: PROTOCOL, bundle: "b", node: "n", arch: "x64" })}`);
for await (const line of createInterface({ input: process.stdin })) {
  appendFileSync(join(dir, "calls"), `${line}\n`);
  const { seq, request } = JSON.parse(line) as RequestFrame;
  console.log(JSON.stringify({ seq, answer: answer(request, host) }));
}

function answer(request: RequestFrame["request"], changes: Changes) {
  if (request.op === "observe") return answerTo(request, changes);
  if (request.op !== "ps") throw new Error(`${request.op} was requested from a host that may only be read`);
  return { units: request.units.map(statusOf) };
}

function statusOf(unit: string) {
  const running = { state: "active", sub: "running", enabled: "enabled", pid: 4711, restarts: 2, since: 75 };
  const process = { names: ["agent.sh"], memory: 182 * 2 ** 20 };
  return { unit, ...running, ...process, status: "" };
}
