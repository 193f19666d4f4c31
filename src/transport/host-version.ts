import { type Hello, OLDEST_PROTOCOL, PROTOCOL } from "../model/protocol.ts";
import { HostError, RuntimeError } from "./host-error.ts";
import { plainLine } from "./plain-line.ts";
import type { RuntimeFiles } from "./runtime-files.ts";
import type { Target } from "./target.ts";

/** Parses the runtime's first answer. @throws HostError "garbled" if it is invalid */
export function parseHello(target: Target, answer: string): Hello {
  try {
    const hello = JSON.parse(answer) as Hello;
    if (Number.isInteger(hello.protocol)) return hello;
  } catch {
    // Invalid JSON is reported below, like an answer without a protocol.
  }
  throw new HostError({
    host: target.name,
    reason: "garbled",
    what: "its runtime does not report a protocol version",
    why: `it answered "${plainLine(answer.slice(0, 60))}".`,
    next: "Run `npx pulumi up`, which reinstalls it.",
  });
}

/** Whether the host runs exactly the required bundle and version of Node. */
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
