import { type OnChange, STOP_SECONDS } from "../../../model/deadman.ts";
import { isFormerPart } from "../../../model/legacy-agent-parts.ts";
import { subjectOf } from "../../../model/resource-id.ts";
import type { ProviderContext } from "../../context.ts";
import type { Properties } from "../../wire/values.ts";
import type { HandlerCall } from "../handler.ts";
import { diff } from "./diff-items.ts";
import { type ItemProperties, parseProperties, wireItems } from "./inputs.ts";
import { itemPath } from "./item-path.ts";

const WHEN: Readonly<Record<OnChange, string>> = {
  now: "restarts",
  "when-idle": "restarts when it is idle",
  never: "does not restart, and keeps running as before",
};

/** Returns a sentence if several former resources become one agent; otherwise an empty list. */
export function mergeNotices(state: Properties, news: Properties): string[] {
  if (!isFormerPart(`${state["resource"]}`)) return [];
  const { host, id } = parseProperties(news);
  return [`${host}: ${readerIn(id)} becomes one resource; nothing is stopped or removed`];
}

/**
 * Returns one sentence for each unit that reads a changed item. The sentence says whether and when the unit restarts.
 */
export function restartNotices(state: Properties, news: Properties): string[] {
  const changes = diff(state, news);
  const { host, id } = parseProperties(news);
  const before = wireItems(state);
  // The state of an earlier version has no groups. Groups that are only added to such a state restart no unit.
  const keysOf = (name: string) =>
    before[name]?.["groups"] === undefined ? ["content", "type"] : ["content", "type", "groups"];
  const sentences = Object.entries(wireItems(news)).flatMap(([name, { notify, restart, within, choice }]) => {
    const paths = [itemPath(name), ...keysOf(name).map((key) => itemPath(name, key))];
    const isRead = notify !== undefined && paths.some((path) => path in changes);
    if (!isRead) return [];
    const latest = typeof within === "number" ? `, after ${Math.ceil(within / 60)} min at the latest` : "";
    const where = choice === undefined ? "" : ` if it is using provider ${choice} when the change is applied`;
    const when = (restart ?? "now") as OnChange;
    return [`${host}: ${readerIn(id)} ${WHEN[when]}${latest}${where}${downtime(id, when)}`];
  });
  return [...new Set(sentences)];
}

/** Returns a sentence if an agent's identity changes, about what happens to the agent's conversation. */
export function identityNotices(state: Properties, news: Properties): string[] {
  const changes = diff(state, news);
  const { host, id } = parseProperties(news);
  const before = wireItems(state);
  return Object.entries(wireItems(news)).flatMap(([name, { conversation }]) => {
    const isChanged = before[name] !== undefined && itemPath(name, "content") in changes;
    if (conversation === undefined || !isChanged) return [];
    const next = conversation === "fresh" ? "begins a new conversation" : "continues its conversation";
    return [
      `${host}: ${readerIn(id)} has a changed identity and is not restarted for it; its next start ${next} (onIdentityChange: ${conversation})`,
    ];
  });
}

/**
 * Returns the end of a sentence about how long a restart interrupts an agent. The time that the program needs to start
 * is not known.
 */
function downtime(id: string, when: OnChange): string {
  if (subjectOf(id).kind !== "agent" || when === "never") return "";
  return `; it is down for at most ${STOP_SECONDS} s plus the start of its program`;
}

/** Returns the message about a unit that was not restarted, although an item that it reads has changed. */
export function waitingSentence({ host, id, items }: ItemProperties, unit: string): string {
  const reader = Object.values(items).find(({ notify }) => notify === unit);
  const why = reader?.["restart"] === "never" ? "as fleet.yaml declares" : "because it is not idle";
  return `${host}: ${readerIn(id)} keeps running as before, ${why}; see \`npx fleet ps\``;
}

/** Announces that changes are deferred until the host is reachable again. */
export async function announceWaiting(
  { isDeferred }: ProviderContext,
  call: HandlerCall,
  news: Properties,
): Promise<void> {
  const host = `${news["host"]}`;
  if (isDeferred(host)) await call.log("warning", `this change is deferred until ${host} is back`);
}

/**
 * Returns the name of the agent or service that reads the files of a resource: `iris` for `hub/iris/agent`.
 */
function readerIn(id: string): string {
  const { kind, name } = subjectOf(id);
  return kind === "agent" || kind === "service" ? name : "its deadman";
}
