import type { OnChange } from "../../../model/deadman.ts";
import type { Properties } from "../../values.ts";
import { diff } from "./diff.ts";
import { type ItemProperties, parseProperties, wireItems } from "./inputs.ts";
import { propertyPath } from "./path.ts";

const WHEN: Readonly<Record<OnChange, string>> = {
  now: "is started again",
  "when-idle": "is started again when it is idle",
  never: "is not started again, and goes on as it is",
};

/** What an update does to the units that read what it changes, a sentence each. */
export function startsAgain(state: Properties, news: Properties): string[] {
  const changes = diff(state, news);
  const { host, id } = parseProperties(news);
  const sentences = Object.entries(wireItems(news)).flatMap(([name, { notify, restart, within, choice }]) => {
    const paths = ["content", "type"].map((key) => propertyPath("items", name, key));
    const isRead =
      notify !== undefined && [...paths, propertyPath("items", name)].some((path) => path in changes);
    if (!isRead) return [];
    const latest = typeof within === "number" ? `, after ${Math.ceil(within / 60)} min at the latest` : "";
    const where = choice === undefined ? "" : `, where it runs on ${choice} by then`;
    return [`${host}: ${subjectOf(id)} ${WHEN[(restart ?? "now") as OnChange]}${latest}${where}`];
  });
  return [...new Set(sentences)];
}

/** What is said of a unit that was not started again, though what it reads has changed. */
export function waitingSentence({ host, id, items }: ItemProperties, unit: string): string {
  const reader = Object.values(items).find(({ notify }) => notify === unit);
  const why = reader?.["restart"] === "never" ? "as it is declared" : "as it is not idle";
  return `${host}: ${subjectOf(id)} goes on as it is for now, ${why}; \`npx fleet ps\` tells`;
}

/** Whose a resource is: `iris` of `hub/iris/unit`. */
function subjectOf(id: string): string {
  const [, subject = id, part] = id.split("/");
  return part === undefined ? "its deadman" : subject;
}
