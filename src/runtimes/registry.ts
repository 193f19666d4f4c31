import { claude } from "./claude.ts";
import { codex } from "./codex.ts";
import { commandRuntime } from "./command.ts";
import { hermes } from "./hermes.ts";
import { openclaw } from "./openclaw.ts";
import { pi } from "./pi.ts";
import type { Runtime } from "./runtime.ts";

/**
 * All runtimes that Muster supports. To add a runtime, add a file in this folder, a line here, and its name
 * in the schema.
 */
export const RUNTIMES = { claude, codex, pi, hermes, openclaw, command: commandRuntime } satisfies Record<
  string,
  Runtime
>;

export type RuntimeKind = keyof typeof RUNTIMES;

export function runtimeOf(kind: RuntimeKind): Runtime {
  return RUNTIMES[kind];
}
