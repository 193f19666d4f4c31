import type { HostItem, ItemKind, Items } from "../../model/items.ts";
import { controllers } from "./cgroup-controllers.ts";
import { directory } from "./directory.ts";
import { file } from "./file.ts";
import { group } from "./group.ts";
import type { Kind } from "./kind.ts";
import { limits } from "./memory-limits.ts";
import { model } from "./model.ts";
import { debianPackage } from "./package.ts";
import { program } from "./program.ts";
import { rows } from "./rows.ts";
import { runtime } from "./runtime.ts";
import { timer } from "./timer.ts";
import { unit } from "./unit.ts";
import { user } from "./user.ts";

/** In the order in which they are made: each needs at most those before it. */
const KINDS = {
  runtime,
  package: debianPackage,
  group,
  user,
  directory,
  program,
  file,
  rows,
  unit,
  timer,
  model,
  limits,
  controllers,
};

const ORDER = Object.keys(KINDS);

/** How items of a kind are handled. */
export function kindOf(kind: ItemKind): Kind {
  // Every kind gets only items of its own, which the map's keys say and a generic type cannot.
  return KINDS[kind] as unknown as Kind;
}

/** The items in the order in which they are made. The engine's maps keep none, so it is made here. */
export function inKindOrder(items: Items): Items {
  const rank = ({ kind }: HostItem) => ORDER.indexOf(kind);
  const place = (item: HostItem) => ("path" in item ? item.path : "");
  // What is to be down goes down before anything is started.
  const turn = (item: HostItem) => Number(item.kind === "unit" && item.want.active !== "stopped");
  const sorted = Object.entries(items).sort(
    ([, a], [, b]) => rank(a) - rank(b) || turn(a) - turn(b) || place(a).localeCompare(place(b)),
  );
  return Object.fromEntries(sorted);
}
