import { isFormerUnit } from "../model/found-items.ts";
import {
  type ControlRequest,
  GIVES_BACK,
  type Hello,
  OLDEST_PROTOCOL,
  PAUSES,
  PROTOCOL,
  type Request,
} from "../model/protocol.ts";
import { HostError, RuntimeError } from "./host-error.ts";
import { plainLine } from "./plain-line.ts";
import type { RuntimeFiles } from "./runtime-files.ts";
import type { Target } from "./target.ts";

/** Parses the first answer of the runtime. @throws HostError "garbled" if the answer is invalid */
export function parseHello(target: Target, answer: string): Hello {
  try {
    const hello = JSON.parse(answer) as Hello;
    if (Number.isInteger(hello.protocol)) return hello;
  } catch {
    // Invalid JSON is reported below, in the same way as an answer without a protocol version.
  }
  throw new HostError({
    host: target.name,
    reason: "garbled",
    what: "its runtime does not report a protocol version",
    why: `it answered "${plainLine(answer.slice(0, 60))}".`,
    next: "Run `npx pulumi up`, which reinstalls it.",
  });
}

/** Whether the host runs exactly the required versions of the bundle and of Node. */
export function runs(hello: Hello, runtime: RuntimeFiles): boolean {
  return hello.bundle === runtime.bundleHash && hello.node === runtime.node.version;
}

/** @throws RuntimeError "too-old" if this version of Muster no longer supports the host's protocol */
export function refuseTooOld(target: Target, hello: Hello): void {
  if (hello.protocol >= OLDEST_PROTOCOL) return;
  throw new RuntimeError({
    host: target.name,
    reason: "too-old",
    what: "its runtime is too old",
    why: `it uses protocol ${hello.protocol}, and this version of Muster supports ${OLDEST_PROTOCOL} to ${PROTOCOL}.`,
    next: "Run `npx pulumi up` first, which updates it.",
  });
}

/**
 * @throws RuntimeError "too-new" if a newer version of Muster manages the host, because this version must not
 *   downgrade the runtime
 */
export function refuseTooNew(target: Target, hello: Hello): void {
  if (hello.protocol <= PROTOCOL) return;
  throw new RuntimeError({
    host: target.name,
    reason: "too-new",
    what: "a newer version of Muster manages this host",
    why: `its runtime uses protocol ${hello.protocol}, and this version of Muster only supports up to ${PROTOCOL}.`,
    next: "Update the muster-fleet package here.",
  });
}

/**
 * Returns the error for a request that an older runtime does not know, or during which it would lose data: an older
 * runtime would delete the user of an adopted agent instead of keeping the user.
 */
export function refusedByVersion(target: Target, hello: Hello, request: Request): RuntimeError | undefined {
  if (request.op === "control") return refusedControl(target, hello, request);
  if (hello.protocol >= GIVES_BACK || request.op !== "remove") return undefined;
  if (!Object.values(request.items).some(isFormerUnit)) return undefined;
  return new RuntimeError({
    host: target.name,
    reason: "too-old",
    what: "an adopted agent was not removed",
    why: "the host's runtime is from an earlier version of Muster, which would delete the agent's user.",
    next: "Run `npx pulumi up` first, which updates the runtime, and then remove the agent.",
  });
}

function refusedControl(
  target: Target,
  hello: Hello,
  { verb, agent }: ControlRequest,
): RuntimeError | undefined {
  if (hello.protocol >= PAUSES || ["start", "stop", "release"].includes(verb)) return undefined;
  return new RuntimeError({
    host: target.name,
    reason: "too-old",
    what: `${agent} was not changed`,
    why: `the host's runtime is from an earlier version of Muster, which cannot ${verb} agents.`,
    next: "Run `npx pulumi up` first, which updates the runtime.",
  });
}
