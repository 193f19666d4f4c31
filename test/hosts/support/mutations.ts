import type { Plan } from "../../../src/model/declaration.ts";
import type { HostItem, ItemKind } from "../../../src/model/items.ts";
import { itemName, parseItemName } from "../../../src/model/parts.ts";
import { groupForms, userForms } from "./forms/accounts.ts";
import { type Form, type Place, placesOf, toldOf } from "./forms/form.ts";
import { directoryForms, fileForms } from "./forms/paths.ts";
import { rowsForms } from "./forms/rows.ts";
import { packageForms, programForms, runtimeForms, timerForms, unitForms } from "./forms/system.ts";

/** One change by hand on a host, and what must be told of it. */
export interface Mutation {
  /** The item as its type has it, whichever agent's it is: "Agent identity:SOUL.md". */
  readonly role: string;
  readonly form: Form;
  readonly place: Place;
  /** Exactly what is told, as `toldOf` has it. */
  readonly told: readonly string[];
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
  // What is told of them depends on what else makes systemd read its files: isolation.test.ts has them alone.
  limits: () => [],
  model: () => [],
  controllers: () => [],
};

/**
 * The drift matrix: every item of every resource type and part of an agent, spoiled in every form of its kind, in as
 * few batches as possible. No two mutations of a batch show up at the same item.
 */
export function batchesOf(plan: Plan): Mutation[][] {
  const byRole = [...Map.groupBy(placesOf(plan), roleOf).values()];
  // Those that reach furthest come first: the others fit in beside them.
  const choices = byRole.flatMap(choicesOf).sort((a, b) => reach(b) - reach(a));
  const batches: Mutation[][] = [];
  for (const choice of choices) plant(batches, choice);
  return batches;
}

/** An item's type and name without what is its agent's own. */
function roleOf({ declaration, name }: Place): string {
  const { part, label } = parseItemName(name);
  const own = declaration.agent ?? label.split(" ")[1];
  const role = own === undefined ? label : label.replaceAll(own, "*");
  return `${declaration.type} ${itemName(part, role)}`;
}

/** One form of one role: the same mutation at each place where it could be planted. */
function choicesOf(places: readonly Place[]): Mutation[][] {
  const perPlace = places.map((place) => formsOf(place).map((form) => mutationOf(place, form)));
  return (perPlace[0] ?? []).map((_, i) => perPlace.flatMap((mutations) => mutations[i] ?? []));
}

function formsOf(place: Place): Form[] {
  // Each entry takes the items of its own kind, which the index cannot tell the compiler.
  return (FORMS[place.item.kind] as (place: Place) => Form[])(place);
}

function mutationOf(place: Place, form: Form): Mutation {
  const own = form.tells.map((property) => toldOf(place.declaration.id, place.name, property));
  return { role: roleOf(place), form, place, told: [...own, ...(form.also ?? [])].sort() };
}

function reach([mutation]: readonly Mutation[]): number {
  return mutation?.told.length ?? 0;
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

/** The items that a mutation is planted in or told of. */
function itemsOf({ place, told }: Mutation): string[] {
  const own = toldOf(place.declaration.id, place.name, "");
  return [own, ...told.map((one) => one.slice(0, one.lastIndexOf(".") + 1))];
}
