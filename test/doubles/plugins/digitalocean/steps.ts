import type { Field } from "../serve/schema-fields.ts";
import type { Json, Properties } from "../serve/values.ts";
import { type Api, part } from "./api.ts";

export const TAGS: Field = { set: true, ignoresCase: true };

export const listOf = (value: Json): readonly Json[] =>
  Array.isArray(value) ? (value as readonly Json[]) : [];

/** Replaces the old tags of an object by the new tags. */
export async function setTags(
  api: Api,
  resource: { id: string; type: "droplet" | "volume" },
  before: Json,
  after: Json,
): Promise<void> {
  const resources = [{ resource_id: resource.id, resource_type: resource.type }];
  for (const tag of listOf(before)) {
    if (listOf(after).includes(tag)) continue;
    await api.delete(`/v2/tags/${part(tag)}/resources`, { resources });
  }
  for (const tag of listOf(after)) {
    if (listOf(before).includes(tag)) continue;
    await api.post("/v2/tags", { name: tag });
    await api.post(`/v2/tags/${part(tag)}/resources`, { resources });
  }
}

/** Returns the members that were added to a list, and the members that were removed from it. */
export function changed(before: Json, after: Json): { added: readonly Json[]; removed: readonly Json[] } {
  const [old, now] = [listOf(before), listOf(after)];
  return {
    added: now.filter((one) => !old.includes(one)),
    removed: old.filter((one) => !now.includes(one)),
  };
}

/** Adds the name of the provider's step to the error if the work fails. */
export async function withStepName<T>(words: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error) error.message = `${words}: ${error.message}`;
    throw error;
  }
}

/** Returns only the fields that are not empty, because the vendor's client omits empty fields. */
export function nonEmpty(body: Record<string, Json>): Properties {
  return Object.fromEntries(
    Object.entries(body).filter(([, value]) => value !== undefined && value !== "" && value !== false),
  );
}

/** @returns undefined if the API reports that the object does not exist */
export async function unlessGone<T>(words: string, work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if ((error as { status?: number }).status === 404) return undefined;
    if (error instanceof Error) error.message = `${words}: ${error.message}`;
    throw error;
  }
}
