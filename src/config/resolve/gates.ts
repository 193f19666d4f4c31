import type { AgentSpec } from "../fleet.ts";
import type { RawAgent, RawHost } from "../fleet-yaml-types.ts";
import { asMap, secondsOf } from "../yaml-values.ts";
import type { Context } from "./context.ts";
import type { Known } from "./provider-choices.ts";

/**
 * Returns the gates through which each start of an agent passes: the gates of its host, of its providers and of its
 * credentials.
 *
 * @param credentials the names of all credentials of the agent
 */
export function gatesOf(
  raw: RawAgent,
  credentials: readonly string[],
  known: Known,
  { source, report }: Context,
): Pick<AgentSpec, "gates"> {
  const host = asMap(asMap(asMap(source.value)["hosts"])[raw.host]) as Partial<RawHost>;
  const ofHost = report.isSound("hosts", raw.host) ? host.start?.stagger : undefined;
  const short = typeof raw.runtime === "object" ? [raw.runtime.provider] : [];
  const belonging = credentials.map((name) => known.credentials[name]?.provider);
  const providers = [...(raw.providers ?? []).map(({ provider }) => provider), ...short, ...belonging];
  const gates: [string, number | undefined][] = [
    ["host", ofHost === undefined ? undefined : secondsOf(ofHost)],
    ...providers.map((name = ""): [string, number | undefined] => [
      `provider-${name}`,
      known.providers[name]?.stagger,
    ]),
    ...credentials.map((name): [string, number | undefined] => [
      `credential-${name}`,
      known.credentials[name]?.stagger,
    ]),
  ];
  const declared = gates.flatMap(([gate, seconds]) =>
    seconds === undefined ? [] : [[gate, seconds] as const],
  );
  return declared.length === 0 ? {} : { gates: Object.fromEntries(declared) };
}
