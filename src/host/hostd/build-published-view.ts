import type { WatchedAgent, WatchedService } from "../../model/deadman.ts";
import { shown } from "../../model/shorten-for-display.ts";
import type { PublishedView } from "../units/deadman-view-file.ts";
import type { AgentSnapshot } from "./decision-step.ts";
import type { AgentMemory, Memory } from "./saved-memory.ts";

/** Builds the view that the deadman publishes, with all watched agents and services. */
export function buildView(memory: Memory, snapshots: Readonly<Record<string, AgentSnapshot>>): PublishedView {
  const entries = Object.entries(snapshots);
  const isService = ([, { policy }]: (typeof entries)[number]) => policy.service !== undefined;
  const agents = entries.filter((one) => !isService(one));
  const services = entries.filter(isService);
  return {
    agents: Object.fromEntries(agents.map(([name, one]) => [name, viewOfAgent(name, one, memory)])),
    services: services.map(([name, one]) => viewOfService(one, memory.agents[name])),
  };
}

function viewOfService({ policy, check, held }: AgentSnapshot, memory?: AgentMemory): WatchedService {
  return {
    unit: policy.unit,
    health: memory?.checks?.verdict ?? "unknown",
    ...(check && { detail: shown(check.detail) }),
    restarts: memory?.restarts.length ?? 0,
    ...(held && { held }),
  };
}

/** Whether a question is a login of the agent's runtime. */
function isLogin({ screen }: AgentSnapshot["policy"], question: string): boolean {
  return screen?.dialogs.some(({ text, is }) => is === "login" && question.includes(text)) === true;
}

function viewOfAgent(
  name: string,
  { policy, reading, held, question }: AgentSnapshot,
  { clock, agents }: Memory,
): WatchedAgent {
  const { health = "well", alive = clock, restarts = [], rhythm, conversation } = agents[name] ?? {};
  const { state, task, problem } = reading;
  return {
    unit: policy.unit,
    by: policy.heartbeat.by,
    health,
    age: clock - (state === undefined ? alive : (rhythm?.at ?? alive)),
    restarts: restarts.length,
    ...(state && { state }),
    ...(state !== undefined && state === rhythm?.state && { stateFor: clock - (rhythm.since ?? clock) }),
    ...(task && { task }),
    ...(question && { blocked: question }),
    ...(conversation?.identity !== undefined && { identity: conversation.identity }),
    ...(question && isLogin(policy, question) && { login: true }),
    ...(problem && { problem }),
    ...(held && { held }),
  };
}
