import { programPath } from "../../model/installation.ts";
import { type RuntimeKind, runtimeOf } from "../../runtimes/registry.ts";
import type { ModelAccess, Settings, Surroundings, Texts } from "../../runtimes/runtime.ts";
import type { AgentSpec, ChoiceSpec, RuntimeSpec } from "../fleet.ts";
import type { RawAgent, RawRuntime } from "../fleet-yaml-types.ts";
import { inHome } from "../home-path.ts";
import type { Keys } from "../problem.ts";
import { didYouMean } from "../suggest.ts";
import type { Context } from "./context.ts";
import { failoverOf } from "./failover.ts";
import { type Choice, choicesOf, type Known } from "./provider-choices.ts";

/**
 * The default PATH. The agent's home and a slash are put before it, so that the first folder is `.local/bin` in the
 * home. Users often install programs in that folder.
 */
const PATH = ".local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

type Running = Pick<
  AgentSpec,
  | "runtime"
  | "pinned"
  | "model"
  | "fallbacks"
  | "settings"
  | "session"
  | "failover"
  | "command"
  | "env"
  | "credentials"
>;

/**
 * Resolves the command and the environment of an agent. The arguments that the runtime needs come before the declared
 * arguments. The command and the environment are also resolved for each provider to which the agent can fail over.
 *
 * @param place the name, the home and the working directory of the agent, the name of its identity, and what `settings`
 *   of its runtime needs to know about its neighbours and heartbeats
 * @returns undefined if a problem was reported
 */
export function runningOf(
  raw: RawAgent,
  place: {
    readonly name: string;
    readonly home: string;
    readonly workdir: string;
    readonly identity: string;
    readonly neighbours: readonly string[];
    readonly beatSeconds?: number;
  },
  runtimes: Readonly<Record<string, RuntimeSpec>>,
  known: Known,
  keys: Keys,
  context: Context,
): Running | undefined {
  const declared = runtimeWritten(raw);
  const { use, isSound } = usedBy(declared, [...keys, "runtime"], context);
  if (!isSound) return undefined;
  const pinned = use === undefined ? undefined : runtimes[use];
  const program = programOf(declared, pinned, [...keys, "runtime"], context);
  if (program === undefined) return undefined;
  const all = choicesOf(raw, declared, place.identity, known, keys, context);
  const [first = { model: {}, access: {} }] = all;
  const { kind } = declared;
  const own = raw.credentials ?? [];
  const credentials = [...new Set([...own, ...all.flatMap(({ credential }) => credential ?? [])])];
  const around = (access: ModelAccess, names: readonly string[]): Surroundings => {
    const others = all.flatMap((one) => (one.access === access ? [] : [one.access]));
    const variables = names.flatMap((name) => known.credentials[name]?.env ?? []);
    const { identity: _, ...rest } = place;
    return { ...rest, others, variables };
  };
  const settings = (access: ModelAccess, names: readonly string[]): Settings =>
    runtimeOf(kind).settings(access, around(access, names));
  const start = (one: Settings) => startOf(declared, { program, pinned }, raw, place.home, one);
  const choices = runtimeOf(kind).fallsBack
    ? []
    : all.flatMap((one) => choiceOf(one, own, (names) => start(settings(one.access, names))));
  const failover = failoverOf(raw, choices, known, keys, context);
  const { files = {}, defaults = {}, programs } = settings(first.access, credentials);
  const question = runtimeOf(kind).waitsFor?.(first.access, around(first.access, credentials));
  if (
    question !== undefined &&
    !mayBeReady(raw, { ...files, ...defaults }, credentials, place.identity, known)
  )
    context.report.warn(context.source, [...keys, "runtime"], `in a fresh home, ${kind} ${question}`);
  return {
    runtime: kind,
    ...(use !== undefined && { pinned: use }),
    model: first.model,
    ...(runtimeOf(kind).fallsBack && all.length > 1 && { fallbacks: all.slice(1).map(({ model }) => model) }),
    settings: { files, defaults, ...(programs && { programs }) },
    ...sessionOf(raw, declared, keys, context),
    ...(failover && { failover }),
    ...start(settings(first.access, choices[0]?.credentials ?? credentials)),
    credentials,
  };
}

/**
 * Returns the way in which the agent continues its conversation. By default, a core agent continues its conversation,
 * unless its arguments already select a conversation.
 */
function sessionOf(
  { lifecycle, onIdentityChange }: RawAgent,
  { kind, session, args = [] }: RawRuntime,
  keys: Keys,
  { report, source }: Context,
): Pick<AgentSpec, "session"> {
  const { resumes, sessionArguments } = runtimeOf(kind);
  const selecting = args.find((word) => sessionArguments?.test(word));
  if (session === "resume" && (resumes === undefined || selecting !== undefined)) {
    const sentence =
      selecting === undefined
        ? `cannot be \`resume\` for ${kind}: Muster cannot choose its conversation`
        : `cannot be \`resume\` with ${selecting} in \`args\`, which selects a conversation too: remove ${selecting}`;
    report.error(source, [...keys, "runtime", "session"], sentence);
  }
  const wanted = session ?? (lifecycle === "ephemeral" ? "fresh" : "resume");
  if (resumes !== undefined && selecting === undefined && wanted === "resume") return { session: kind };
  if (onIdentityChange === "resume")
    report.error(
      source,
      [...keys, "onIdentityChange"],
      "cannot be `resume`, because Muster does not continue a conversation of this agent: remove `onIdentityChange`",
    );
  return {};
}

/**
 * Whether a runtime without a key may be ready to work. This is the case if the agent was adopted or has a login, or if
 * its identity declares one of the runtime's settings files.
 */
function mayBeReady(
  raw: RawAgent,
  settings: Texts,
  credentials: readonly string[],
  identity: string,
  known: Known,
): boolean {
  const { path: own } = runtimeOf(runtimeWritten(raw).kind).settingsFile ?? {};
  const declared = Object.keys(known.identities[identity]?.files ?? {});
  return (
    raw.replaces !== undefined ||
    credentials.some((name) => known.credentials[name]?.type === "oauth") ||
    declared.some((path) => path === own || Object.hasOwn(settings, path))
  );
}

type Start = Pick<ChoiceSpec, "command" | "env">;

function startOf(
  { kind, args = [] }: RawRuntime,
  { program, pinned }: { readonly program: string; readonly pinned: RuntimeSpec | undefined },
  raw: RawAgent,
  home: string,
  settings: Settings,
): Start {
  const off = pinned === undefined ? {} : (runtimeOf(kind).updaterOff ?? {});
  // The folder of the pinned version comes first, so that the agent's own commands do not find a version that the
  // program has installed in the home.
  const path = pinned === undefined ? `${home}/${PATH}` : `${pinned.folder}/bin:${home}/${PATH}`;
  return {
    command: [inHome(home, program), ...(off.args ?? []), ...(settings.args ?? []), ...args],
    env: { PATH: path, ...settings.env, ...raw.env, ...off.env },
  };
}

/**
 * Returns the choice for a declared provider, or an empty list if no provider is declared.
 *
 * @param own the credentials for all providers
 * @param start returns the command and the environment of an agent with these credentials
 */
function choiceOf(
  { provider, model, credential }: Choice,
  own: readonly string[],
  start: (credentials: readonly string[]) => Start,
): ChoiceSpec[] {
  if (provider === undefined) return [];
  const credentials = [...new Set([...own, ...(credential ? [credential] : [])])];
  return [{ provider, model, ...start(credentials), credentials }];
}

/**
 * Returns the declared runtime. `command` is a short form of `runtime: {kind: command}`. The schema accepts
 * exactly one of `command` and `runtime`.
 */
export function runtimeWritten({ command: [program = "", ...args] = [], runtime }: RawAgent): RawRuntime {
  if (runtime === undefined) return { kind: "command", program, args };
  return typeof runtime === "string" ? { kind: runtime } : runtime;
}

/**
 * Returns the entry in `runtimes` that an agent uses; no entry if its program is not pinned. `isSound` is false if a
 * problem was reported.
 */
function usedBy(
  { kind, use }: RawRuntime,
  keys: Keys,
  { declared, report, source }: Context,
): { readonly use?: string; readonly isSound: boolean } {
  const known = declared["runtimes"] ?? new Set();
  if (use === undefined) return known.has(kind) ? { use: kind, isSound: true } : { isSound: true };
  if (known.has(use)) return { use, isSound: true };
  report.error(source, [...keys, "use"], `no runtime is named "${use}"${didYouMean(use, known)}`);
  return { isSound: false };
}

function programOf(
  { kind, program }: { readonly kind: RuntimeKind; readonly program?: string },
  pinned: RuntimeSpec | undefined,
  keys: Keys,
  { report, source }: Context,
): string | undefined {
  const installed = pinned && programPath(pinned.folder, pinned.pinned.program);
  const known = program ?? installed ?? runtimeOf(kind).program;
  if (known === undefined) report.error(source, keys, `has no \`program\`, which \`kind: ${kind}\` needs`);
  return known;
}
