import { type Hello, OLDEST_PROTOCOL, PROTOCOL } from "../model/protocol.ts";
import { HostError, RuntimeError } from "./host-error.ts";
import { plainLine } from "./plain-line.ts";
import type { RuntimeFiles } from "./runtime-files.ts";
import type { Target } from "./target.ts";

/** @throws HostError "garbled" */
export function parseHello(target: Target, answer: string): Hello {
  try {
    const hello = JSON.parse(answer) as Hello;
    if (Number.isInteger(hello.protocol)) return hello;
  } catch {
    // Told below, like a hello without a protocol.
  }
  throw new HostError({
    host: target.name,
    reason: "garbled",
    what: "the runtime there does not say which protocol it speaks",
    why: `it said "${plainLine(answer.slice(0, 60))}".`,
    next: "Run `npx pulumi up`, which installs it anew.",
  });
}

/** Whether the host runs exactly the wanted pair of bundle and Node. */
export function runs(hello: Hello, runtime: RuntimeFiles): boolean {
  return hello.bundle === runtime.bundleHash && hello.node === runtime.node.version;
}

/** @throws RuntimeError "too-old" */
export function refuseTooOld(target: Target, hello: Hello): void {
  if (hello.protocol >= OLDEST_PROTOCOL) return;
  throw new RuntimeError({
    host: target.name,
    reason: "too-old",
    what: "the runtime there is too old to be asked",
    why: `it speaks protocol ${hello.protocol}, and this muster speaks ${OLDEST_PROTOCOL} to ${PROTOCOL}.`,
    next: "Run `npx pulumi up` first, which brings it up to date.",
  });
}

/** @throws RuntimeError "too-new": a host that a newer muster keeps is not taken back by an older one */
export function refuseTooNew(target: Target, hello: Hello): void {
  if (hello.protocol <= PROTOCOL) return;
  throw new RuntimeError({
    host: target.name,
    reason: "too-new",
    what: "a newer muster keeps this host",
    why: `the runtime there speaks protocol ${hello.protocol}, and this muster speaks ${PROTOCOL}.`,
    next: "Update the muster package here.",
  });
}
