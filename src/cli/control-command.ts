import { InvalidError, MusterError } from "../base/errors.ts";
import { requester } from "../base/requester.ts";
import { visible } from "../base/terminal-text.ts";
import type { AgentSpec, Fleet } from "../config/fleet.ts";
import type { ControlAnswer, ControlRequest, ControlVerb } from "../model/protocol.ts";
import { runningFormer, runningUnit, unitName } from "../resources/unit-names.ts";
import type { HostController } from "../transport/connect.ts";
import type { CommandDefinition, Io } from "./command.ts";
import { withController } from "./connections.ts";
import { type ExitCode, exitOf } from "./exit.ts";
import { span } from "./observe/span.ts";
import { openFleet } from "./open-fleet.ts";
import { assertDeclared } from "./selection.ts";
import { settingsOf } from "./stack/settings.ts";

/**
 * The texts to print for each verb: one if the command has changed something, and one if the command has changed
 * nothing.
 */
const RESULTS: Readonly<Record<ControlVerb, readonly [changed: string, unchanged: string]>> = {
  start: ["is running", "is already running"],
  stop: ["is stopped", "was already stopped"],
  restart: ["has restarted", "has not restarted"],
  pause: ["is paused", "was already paused"],
  resume: ["is running again", "is not paused"],
  release: ["is released and running", "is not in quarantine"],
};

/** The texts for a request that the deadman carries out later. */
const LATER: Readonly<Partial<Record<ControlVerb, string>>> = { restart: "restarts", pause: "is paused" };

/** The option for the verbs that can wait until an agent is idle. */
export const WHEN_IDLE = {
  "--when-idle": "wait until the agent is idle, but not longer than the deadline of its `onChange`",
};

/**
 * Creates a command that applies one verb to agents and services. If the verb fails for one of them, the command
 * continues with the others.
 */
export function controlCommand(
  verb: ControlVerb,
  summary: string,
  more: CommandDefinition["options"] = {},
): CommandDefinition {
  return {
    usage: `${verb} <names...>`,
    summary,
    options: { ...more, "--stack <name>": "use the login of this stack" },
    async run({ args, options, io }) {
      const fleet = openFleet();
      for (const name of args)
        assertDeclared("agent or service", name, { ...fleet.agents, ...fleet.services });
      const subjects = [...new Set(args)].map((name) => subjectOf(fleet, name, options["whenIdle"] === true));
      const stack = settingsOf(fleet, options["stack"]);
      return withController(fleet, stack, async (open) => {
        const codes = subjects.map((subject) => controlOne(open, verb, subject, io));
        return (await Promise.all(codes)).flat();
      });
    },
  };
}

/** Applies a verb to one agent or service, and prints the result or the error. @returns the exit codes that apply */
async function controlOne(
  open: (host: string) => Promise<HostController>,
  verb: ControlVerb,
  subject: Subject,
  io: Io,
): Promise<ExitCode[]> {
  const { name, host, of } = subject;
  try {
    const controller = await open(host);
    const answer = await controller.control({ op: "control", verb, agent: name, ...of, by: requester() });
    io.out(`${name} ${resultText(verb, subject, answer)}\n`);
    return [];
  } catch (error) {
    io.err(`${visible(error instanceof Error ? error.message : String(error))}\n`);
    return [exitOf(error)];
  }
}

function resultText(
  verb: ControlVerb,
  subject: Subject,
  { changed, isDeferred, isWaiting }: ControlAnswer,
): string {
  if (isWaiting) return "waits for its turn to start; `npx fleet ps` shows when it runs";
  if (isDeferred)
    return `${LATER[verb]} when it is idle, at the latest in ${span(subject.of.within ?? 0)}; \`npx fleet ps\` shows it`;
  return `${RESULTS[verb][changed ? 0 : 1]}${changed ? untilWhen(verb, subject.isLasting) : ""}`;
}

interface Subject {
  readonly name: string;
  readonly host: string;
  readonly of: Pick<ControlRequest, "unit" | "isService" | "within">;
  /** True if the agent or service is always on; otherwise the maximum number of seconds of a run. */
  readonly isLasting: true | number;
}

/** @param whenIdle whether the request waits until the agent is idle */
function subjectOf(fleet: Fleet, name: string, whenIdle: boolean): Subject {
  const [agent, service] = [fleet.agents[name], fleet.services[name]];
  if (agent !== undefined) {
    const { host, lifecycle, onChange } = agent;
    if (agent.takeOver === "later") throw notTakenOver(agent);
    const of = { unit: unitName(agent), ...(whenIdle && { within: Math.ceil(onChange.deadline) }) };
    return { name, host, of, isLasting: lifecycle.kind === "core" || lifecycle.ttl };
  }
  if (service === undefined) throw new MusterError({ what: name, why: "it is not declared." });
  if (whenIdle)
    throw new InvalidError({
      what: `${name} --when-idle`,
      why: "only an agent can be idle; a service cannot.",
    });
  return { name, host: service.host, of: { unit: service.unit, isService: true }, isLasting: true };
}

/** Returns the error for an agent that another unit still runs: Muster must not start the agent twice. */
function notTakenOver(agent: AgentSpec): InvalidError {
  const unit = runningUnit(agent);
  const until =
    runningFormer(agent)?.manager === undefined
      ? `; until then, use \`npx fleet ssh ${agent.host} -- systemctl … ${unit}\`.`
      : ".";
  return new InvalidError({
    what: `${agent.name} was not changed`,
    why: `it still runs in ${unit}, which Muster does not start or stop.`,
    next: `Remove \`takeOver: later\` and run \`npx pulumi up\`${until}`,
  });
}

/** Returns the end of a sentence that says how long the new state lasts. */
function untilWhen(verb: ControlVerb, isLasting: Subject["isLasting"]): string {
  if (verb === "pause") return ", until `npx fleet resume`";
  if (verb === "stop")
    return isLasting === true ? ", until `npx fleet start` or the next `npx pulumi up`" : "";
  return isLasting === true ? "" : `, for at most ${span(isLasting)}`;
}
