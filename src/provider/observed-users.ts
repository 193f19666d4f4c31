import { type HostItem, NAMED_IN, OUTSIDE_HOME, type Props } from "../model/items.ts";
import type { ObserveAnswer } from "../model/protocol.ts";
import { listed } from "./notices/join-words.ts";

/** The files on a host, such as sudoers, that name a user, by user. Muster does not change these files. */
export type FilesNaming = Readonly<Record<string, readonly string[]>>;

/** Returns the files that name the users of this stack. */
export function filesNaming(answer: ObserveAnswer | undefined): FilesNaming {
  return Object.fromEntries(
    observedItems(answer).flatMap(({ item, props: { [NAMED_IN]: files } }) =>
      item.kind === "user" && files !== undefined ? [[item.name, `${files}`.split(", ")]] : [],
    ),
  );
}

/** Returns the user's data outside the home, such as a crontab. A move copies none of this data. */
export function outsideHome(answer: ObserveAnswer | undefined, user: string | undefined): string[] {
  const of = observedItems(answer).flatMap(({ item, props: { [OUTSIDE_HOME]: outside, sudo = "none" } }) => {
    if (item.kind === "user" && item.name === user)
      return outside === undefined ? [] : `${outside}`.split(", ");
    return item.kind === "rights" && item.user === user && sudo !== "none" ? ["its lines of sudoers"] : [];
  });
  const files = filesNaming(answer)[user ?? ""]?.filter((path) => !path.startsWith("/etc/sudoers")) ?? [];
  return files.length === 0 ? of : [...of, `the lines that name it in ${listed(files)}`];
}

function observedItems(answer: ObserveAnswer | undefined): { item: HostItem; props: Props }[] {
  return Object.values(answer?.resources ?? {}).flatMap(({ items, observed }) =>
    Object.entries(items).flatMap(([name, item]) => {
      const observation = observed[name];
      return observation === undefined || "unknown" in observation
        ? []
        : [{ item, props: observation.props }];
    }),
  );
}
