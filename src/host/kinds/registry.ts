import type { HostItem, ItemKind, Items } from "../../model/items.ts";
import { controllers } from "./cgroup-controllers.ts";
import { checkout } from "./checkout.ts";
import { copy } from "./copy.ts";
import { directory } from "./directory.ts";
import { file } from "./file.ts";
import { group } from "./group.ts";
import { runtime } from "./host-runtime.ts";
import { installation } from "./installation.ts";
import type { Kind } from "./kind.ts";
import { model } from "./language-model.ts";
import { debianPackage } from "./package.ts";
import { program } from "./required-program.ts";
import { rights } from "./rights.ts";
import { rows } from "./rows.ts";
import { running } from "./running-version.ts";
import { timer } from "./timer.ts";
import { unit } from "./unit.ts";
import { limits } from "./unit-limits.ts";
import { user } from "./user.ts";

/** All kinds, in the order in which items are created: a kind depends only on the kinds before it. */
const KINDS = {
  runtime,
  package: debianPackage,
  installation,
  group,
  user,
  rights,
  directory,
  copy,
  checkout,
  program,
  file,
  rows,
  unit,
  timer,
  model,
  running,
  limits,
  controllers,
};

const ORDER = Object.keys(KINDS);

/** Returns the functions that handle items of a kind. */
export function kindOf(kind: ItemKind): Kind {
  // The map's keys ensure that a kind gets only its own items, which a generic type cannot express.
  return KINDS[kind] as unknown as Kind;
}

/** Sorts items into the order in which they must be created. The maps that Pulumi sends have no order. */
export function inKindOrder(items: Items): Items {
  const rank = ({ kind }: HostItem) => ORDER.indexOf(kind);
  const place = (item: HostItem) => ("path" in item ? item.path : "");
  // Units that should be stopped are stopped before any other unit is started.
  const turn = (item: HostItem) => Number(item.kind === "unit" && item.want.active !== "stopped");
  const sorted = Object.entries(items).sort(
    ([, a], [, b]) => rank(a) - rank(b) || turn(a) - turn(b) || place(a).localeCompare(place(b)),
  );
  return Object.fromEntries(sorted);
}
