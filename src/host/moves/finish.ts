import { agentUnit } from "../../model/host-paths.ts";
import { MOST_EVENTS, type MoveMark, type SettleAnswer, type SettleRequest } from "../../model/move.ts";
import { agentOf } from "../../model/resource-id.ts";
import type { Host } from "../context.ts";
import { append, record } from "../reports/history.ts";
import { withResourceLock } from "../system/locks.ts";
import { release } from "../units/quarantine.ts";
import { start } from "../units/start-stop.ts";
import { comeBack } from "./cancel.ts";
import { dropMark, markOf, writeMark } from "./move-state.ts";

/** Takes down what the other host has done. What was taken down already stays so. */
export function settle(host: Host, { id, move, outcome, history = [] }: SettleRequest): SettleAnswer {
  const agent = agentOf(id) ?? "";
  return withResourceLock(host, id, () => {
    const mark = markOf(host, agent);
    if (mark?.move !== move) return { state: mark?.state ?? "over" };
    if (mark.state === "leaving") return outcome === "arrived" ? letGo(host, mark) : stay(host, mark);
    if (mark.state !== "arrived" || outcome !== "arrived") return { state: mark.state };
    append(
      host,
      history.slice(-MOST_EVENTS).map((event) => ({ ...event, agent })),
    );
    record(host, [{ event: "arrived", agent, detail: `from ${mark.other}` }]);
    release(host, agentUnit(agent));
    dropMark(host, agent);
    return { state: "over" };
  });
}

function letGo(host: Host, mark: MoveMark): SettleAnswer {
  return { state: writeMark(host, { ...mark, state: "gone" }).state };
}

/** The move failed before the other host had the home: the agent runs on where it was. */
function stay(host: Host, mark: MoveMark): SettleAnswer {
  comeBack(host, mark);
  if (mark.ran) start(host, "start", agentUnit(mark.agent));
  return { state: "over" };
}
