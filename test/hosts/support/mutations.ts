import { itemName, parseItemName } from "../../../src/model/agent-parts.ts";
import type { Plan } from "../../../src/model/declaration.ts";
import type { HostItem, ItemKind } from "../../../src/model/items.ts";
import { groupForms, userForms } from "./mutation-forms/accounts.ts";
import { type Form, type Place, placesOf, reportedAs } from "./mutation-forms/form.ts";
import { directoryForms, fileForms } from "./mutation-forms/paths.ts";
import { rowsForms } from "./mutation-forms/rows.ts";
import { packageForms, programForms, runtimeForms, timerForms, unitForms } from "./mutation-forms/system.ts";

/** One manual change on a host, and the differences that must be reported for this change. */
export interface Mutation {
  /** The item's type and its name without the agent's name, such as "Agent identity:SOUL.md". */
  readonly role: string;
  readonly form: Form;
  readonly place: Place;
  /** The exact differences, in the format of `reportedAs`. */
  readonly reported: readonly string[];
}

type FormsByKind = { readonly [K in ItemKind]: (place: Place<Extract<HostItem, { kind: K }>>) => Form[] };

const FORMS: FormsByKind = {
  file: fileForms,
  directory: directoryForms,
  rows: rowsForms,
  program: programForms,
  unit: unitForms,
  timer: timerForms,
  user: userForms,
  group: groupForms,
  package: packageForms,
  runtime: runtimeForms,
  // isolation.test.ts tests these items. Their differences depend on the time at which systemd reads its files again.
  limits: () => [],
  model: () => [],
  controllers: () => [],
  // adopt-seeds.test.ts tests copies, which Muster no longer updates after the take-over.
  copy: () => [],
  // self-sync.test.ts changes checkouts.
  checkout: () => [],
  // runtime-versions.test.ts changes these items.
  installation: () => [],
  running: () => [],
  // `up` does not change rights. rights.test.ts tests rights.
  rights: () => [],
};

/**
 * Returns the batches of the drift matrix. The matrix changes every item of every resource type and agent part in every
 * form, in as few batches as possible. Within a batch, no two mutations affect the same item.
 */
export function batchesOf(plan: Plan): Mutation[][] {
  const byRole = [...Map.groupBy(placesOf(plan), roleOf).values()];
  // Start with the mutations that affect the most items. The other mutations fit into the same batches.
  const choices = byRole.flatMap(choicesOf).sort((a, b) => reach(b) - reach(a));
  const batches: Mutation[][] = [];
  for (const choice of choices) plant(batches, choice);
  return batches;
}

/** Returns an item's type and its name without the agent's name. */
function roleOf({ declaration, name }: Place): string {
  const { part, label } = parseItemName(name);
  const own = declaration.agent ?? label.split(" ")[1];
  const role = own === undefined ? label : label.replaceAll(own, "*");
  return `${declaration.type} ${itemName(part, role)}`;
}

/**
 * Returns the mutations of all items with a role, for each form of the role. The batches need only one of the mutations
 * of a form.
 */
function choicesOf(places: readonly Place[]): Mutation[][] {
  const perPlace = places.map((place) => formsOf(place).map((form) => mutationOf(place, form)));
  return (perPlace[0] ?? []).map((_, i) => perPlace.flatMap((mutations) => mutations[i] ?? []));
}

function formsOf(place: Place): Form[] {
  // Each function accepts only items of its own kind. The compiler cannot infer this from the index.
  return (FORMS[place.item.kind] as (place: Place) => Form[])(place);
}

function mutationOf(place: Place, form: Form): Mutation {
  const own = form.properties.map((property) => reportedAs(place.declaration.id, place.name, property));
  return { role: roleOf(place), form, place, reported: [...own, ...(form.also ?? [])].sort() };
}

function reach([mutation]: readonly Mutation[]): number {
  return mutation?.reported.length ?? 0;
}

function plant(batches: Mutation[][], choice: readonly Mutation[]): void {
  for (const batch of batches) {
    const taken = new Set(batch.flatMap(itemsOf));
    const free = choice.find((mutation) => itemsOf(mutation).every((item) => !taken.has(item)));
    if (free !== undefined) {
      batch.push(free);
      return;
    }
  }
  batches.push(choice.slice(0, 1));
}

/** Returns the items that a mutation changes or affects. */
function itemsOf({ place, reported }: Mutation): string[] {
  const own = reportedAs(place.declaration.id, place.name, "");
  return [own, ...reported.map((one) => one.slice(0, one.lastIndexOf(".") + 1))];
}
