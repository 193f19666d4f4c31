import type { Field } from "../serve/schema-fields.ts";
import type { Json, Properties } from "../serve/values.ts";
import { type Api, part } from "./api.ts";

export const TAGS: Field = { set: true };

export const listOf = (value: Json): readonly Json[] =>
  Array.isArray(value) ? (value as readonly Json[]) : [];

/** Changes the tags of an object from the old to the new ones. */
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

/** The difference between two lists. */
export function changed(before: Json, after: Json): { added: readonly Json[]; removed: readonly Json[] } {
  const [old, now] = [listOf(before), listOf(after)];
  return {
    added: now.filter((one) => !old.includes(one)),
    removed: old.filter((one) => !now.includes(one)),
  };
}

/** Adds the provider's step to the error of failed work. */
export async function withStepName<T>(words: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error) error.message = `${words}: ${error.message}`;
    throw error;
  }
}

/** Only the fields that are not empty, because the vendor's client leaves out the others. */
export function nonEmpty(body: Record<string, Json>): Properties {
  return Object.fromEntries(
    Object.entries(body).filter(([, value]) => value !== undefined && value !== "" && value !== false),
  );
}

/** @returns undefined if the API does not know the object */
export async function unlessGone<T>(words: string, work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if ((error as { status?: number }).status === 404) return undefined;
    if (error instanceof Error) error.message = `${words}: ${error.message}`;
    throw error;
  }
}
