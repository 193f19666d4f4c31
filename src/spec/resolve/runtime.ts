import { type RuntimeKind, runtimeOf } from "../../runtimes/registry.ts";
import type { AgentSpec, ProviderSpec } from "../fleet.ts";
import type { Keys } from "../problem.ts";
import type { RawAgent, RawRuntime } from "../raw.ts";
import { didYouMean } from "../suggest.ts";
import type { Context } from "./context.ts";

/** Where programs are looked for: where a user's own installers put them, then where the system's are. */
const PATH = ".local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

type Running = Pick<AgentSpec, "runtime" | "model" | "command" | "env">;

/**
 * What an agent runs, and with which environment: what its runtime needs, then what is declared.
 *
 * @returns undefined after a problem was told
 */
export function runningOf(
  raw: RawAgent,
  home: string,
  providers: Readonly<Record<string, ProviderSpec>>,
  keys: Keys,
  context: Context,
): Running | undefined {
  const declared = runtimeWritten(raw);
  const program = programOf(declared, [...keys, "runtime"], context);
  if (program === undefined) return undefined;
  const { kind, args = [], model, provider } = declared;
  const vendor = vendorOf(kind, provider, providers, [...keys, "runtime", "provider"], context);
  const choice = {
    ...(vendor !== undefined && { provider: vendor }),
    ...(model !== undefined && { model }),
  };
  const settings = runtimeOf(kind).settings(choice);
  return {
    runtime: kind,
    model: choice,
    command: [program, ...(settings.args ?? []), ...args],
    env: { PATH: `${home}/${PATH}`, ...settings.env, ...raw.env },
  };
}

/** `command` is short for a runtime that is any program; one of the two is there. */
function runtimeWritten({ command: [program = "", ...args] = [], runtime }: RawAgent): RawRuntime {
  if (runtime === undefined) return { kind: "command", program, args };
  return typeof runtime === "string" ? { kind: runtime } : runtime;
}

function programOf(
  { kind, program }: RawRuntime,
  keys: Keys,
  { report, source }: Context,
): string | undefined {
  const known = program ?? runtimeOf(kind).program;
  if (known === undefined) report.error(source, keys, `has no \`program\`, which kind ${kind} needs`);
  return known;
}

/** What the runtime calls the provider. A misspelt one would fail every task of the night. */
function vendorOf(
  kind: RuntimeKind,
  provider: string | undefined,
  providers: Readonly<Record<string, ProviderSpec>>,
  keys: Keys,
  { report, source, declared }: Context,
): string | undefined {
  if (provider === undefined) return undefined;
  const names = declared["providers"];
  if (names !== undefined && !names.has(provider)) {
    report.error(source, keys, `no provider is named "${provider}"${didYouMean(provider, names)}`);
    return undefined;
  }
  const vendor = providers[provider]?.vendor;
  const served = runtimeOf(kind).providers;
  if (vendor !== undefined && served !== undefined && !served.includes(vendor)) {
    const sentence = `${kind} knows no vendor "${vendor}", only ${served.join(", ")}: see providers.${provider}.vendor`;
    report.error(source, keys, sentence);
  }
  return vendor;
}
