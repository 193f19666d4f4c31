import { type RuntimeKind, runtimeOf } from "../../runtimes/registry.ts";
import type { ModelChoice } from "../../runtimes/runtime.ts";
import type { AgentSpec, ChoiceSpec } from "../fleet.ts";
import type { Keys } from "../problem.ts";
import type { RawAgent, RawRuntime } from "../yaml-types.ts";
import type { Context } from "./context.ts";
import { failoverOf } from "./failover.ts";
import { type Choice, choicesOf, type Known } from "./provider-choices.ts";

/**
 * The default PATH, which is appended to the agent's home and a slash. Programs that a user installs are
 * often in `.local/bin`.
 */
const PATH = ".local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

type Running = Pick<
  AgentSpec,
  "runtime" | "model" | "fallbacks" | "failover" | "command" | "env" | "credentials"
>;

/**
 * Resolves the program and environment of an agent: first what its runtime needs, then what is declared. Both
 * are also resolved for each provider to which the agent can fail over.
 *
 * @param place the home of the agent and the name of its identity
 * @returns undefined after a problem has been reported
 */
export function runningOf(
  raw: RawAgent,
  place: { readonly home: string; readonly identity: string },
  known: Known,
  keys: Keys,
  context: Context,
): Running | undefined {
  const declared = runtimeWritten(raw);
  const program = programOf(declared, [...keys, "runtime"], context);
  if (program === undefined) return undefined;
  const [first = { model: {} }, ...others] = choicesOf(raw, declared, place.identity, known, keys, context);
  const { kind } = declared;
  const own = raw.credentials ?? [];
  const fallsBack = runtimeOf(kind).fallsBack === true;
  const fallbacks = fallsBack ? others.map(({ model }) => model) : [];
  const start = (model: ModelChoice) => startOf(declared, program, raw, place.home, model, fallbacks);
  const choices = fallsBack ? [] : [first, ...others].flatMap((one) => choiceOf(one, own, start(one.model)));
  const failover = failoverOf(raw, choices, known, keys, context);
  return {
    runtime: kind,
    model: first.model,
    ...(fallbacks.length > 0 && { fallbacks }),
    ...(failover && { failover }),
    ...start(first.model),
    credentials: [...new Set([...own, ...[first, ...others].flatMap(({ credential }) => credential ?? [])])],
  };
}

type Start = Pick<ChoiceSpec, "command" | "env">;

function startOf(
  { kind, args = [] }: RawRuntime,
  program: string,
  raw: RawAgent,
  home: string,
  model: ModelChoice,
  fallbacks: readonly ModelChoice[],
): Start {
  const settings = runtimeOf(kind).settings(model, fallbacks);
  return {
    command: [program, ...(settings.args ?? []), ...args],
    env: { PATH: `${home}/${PATH}`, ...settings.env, ...raw.env },
  };
}

/** Returns a choice for a declared provider, or nothing. @param own the credentials for all providers */
function choiceOf(
  { provider, model, credential }: Choice,
  own: readonly string[],
  start: Start,
): ChoiceSpec[] {
  if (provider === undefined) return [];
  return [
    { provider, model, ...start, credentials: [...new Set([...own, ...(credential ? [credential] : [])])] },
  ];
}

/**
 * Returns the declared runtime. `command` is short for `runtime: {kind: command}`. The schema accepts exactly
 * one of the two.
 */
function runtimeWritten({ command: [program = "", ...args] = [], runtime }: RawAgent): RawRuntime {
  if (runtime === undefined) return { kind: "command", program, args };
  return typeof runtime === "string" ? { kind: runtime } : runtime;
}

function programOf(
  { kind, program }: { readonly kind: RuntimeKind; readonly program?: string },
  keys: Keys,
  { report, source }: Context,
): string | undefined {
  const known = program ?? runtimeOf(kind).program;
  if (known === undefined) report.error(source, keys, `has no \`program\`, which \`kind: ${kind}\` needs`);
  return known;
}
