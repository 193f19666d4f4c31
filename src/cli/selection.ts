import { InvalidError } from "../base/errors.ts";
import type { Fleet } from "../config/fleet.ts";
import { nearest } from "../config/suggest.ts";
import type { Declaration, Plan } from "../model/declaration.ts";
import { inSlice, type Slice } from "../model/stack-settings.ts";

/** The part of a fleet that a command covers; by default the entire fleet. */
export interface Selection {
  readonly host?: string;
  readonly tenant?: string;
  /** The slice of the stack that `--stack` names; by default everything. */
  readonly slice?: Slice;
}

/**
 * Reads `--host` and `--tenant`.
 *
 * @throws InvalidError for a name that fleet.yaml does not declare
 */
export function selectionOf(
  fleet: Pick<Fleet, "hosts" | "tenants">,
  options: Readonly<Record<string, unknown>>,
  slice?: Slice,
): Selection {
  return {
    ...(slice !== undefined && { slice }),
    ...named("host", options["host"], fleet.hosts),
    ...named("tenant", options["tenant"], fleet.tenants),
  };
}

/**
 * Checks that a name is declared.
 *
 * @throws InvalidError if the name is not declared; the error suggests the most similar name
 */
export function assertDeclared(
  kind: "host" | "tenant" | "agent" | "agent or service" | "reader",
  name: string,
  declared: object,
): void {
  if (Object.hasOwn(declared, name)) return;
  throw new InvalidError({
    what: `unknown ${kind} ${JSON.stringify(name)}`,
    why: `fleet.yaml declares no ${kind} with this name.`,
    next: suggestion(name, Object.keys(declared)),
  });
}

function suggestion(name: string, declared: readonly string[]): string {
  if (declared.length === 0) return "Declare it there first.";
  const near = nearest(name, declared);
  return near === undefined ? `It declares ${declared.join(", ")}.` : `Did you mean "${near}"?`;
}

/** Returns the declarations that a selection covers. */
export function select(plan: Plan, { host, tenant, slice = { kind: "all" } }: Selection): Declaration[] {
  return plan.declarations.filter(
    (one) =>
      (host === undefined || one.host === host) &&
      (tenant === undefined || one.tenant === tenant) &&
      inSlice(slice, one),
  );
}

function named(kind: "host" | "tenant", name: unknown, declared: object): Partial<Record<string, string>> {
  if (typeof name !== "string") return {};
  assertDeclared(kind, name, declared);
  return { [kind]: name };
}
