import type { Bridged } from "../../serve/bridge.ts";
import { PartialError } from "../../serve/plugin.ts";
import type { Json, Properties } from "../../serve/values.ts";
import type { Api } from "../api.ts";
import { changed, listOf, nonEmpty, unlessGone, withStepName } from "../steps.ts";

const path = (id: Json) => `/v2/projects/${id}`;

/** Returns the resource type `digitalocean:index/project:Project`, modelled on the vendor's resource_project.go. */
export function projectType(api: Api): Bridged {
  return {
    fields: {
      name: { autoName: true },
      description: { default: "" },
      purpose: { default: "Web Application" },
      environment: { stored: (value) => String(value).toLowerCase() },
      isDefault: { default: false },
      resources: { computed: true, set: true },
    },
    outputs: ["createdAt", "ownerId", "ownerUuid", "updatedAt"],
    create: async (inputs) => {
      const answer = await withStepName("Error creating Project", api.post("/v2/projects", bodyOf(inputs)));
      const { id } = answer["project"] as Properties;
      try {
        await put(api, id, listOf(inputs["resources"]));
        if (inputs["isDefault"]) await api.put(path(id), { ...bodyOf(inputs), is_default: true });
        return { id: String(id), state: await stateOf(api, id) };
      } catch (error) {
        throw new PartialError(
          { id: String(id), state: inputs },
          `Error creating Project: ${(error as Error).message}`,
        );
      }
    },
    read: async (id) => {
      const found = await unlessGone("Error reading Project", api.get(path(id)));
      return found && { id, state: await stateOf(api, id) };
    },
    update: async (id, state, inputs) => {
      const body = { ...bodyOf(inputs), is_default: inputs["isDefault"] === true };
      await withStepName("Error updating Project", api.put(path(id), body));
      if (inputs["resources"] !== undefined) {
        const { added, removed } = changed(state["resources"], inputs["resources"]);
        await put(api, "default", removed);
        await put(api, id, added);
      }
      return stateOf(api, id);
    },
    delete: async (id) => {
      await put(api, "default", await urnsIn(api, id));
      await withStepName(`Error deleting project (${id})`, api.delete(path(id)));
    },
  };
}

/**
 * Returns the resource type `digitalocean:index/projectResources:ProjectResources`: some of the resources in a project.
 */
export function projectResourcesType(api: Api): Bridged {
  return {
    fields: {
      project: { required: true, forceNew: true, nonZero: true },
      resources: { required: true, set: true },
    },
    outputs: [],
    create: async (inputs) => {
      await put(api, inputs["project"], listOf(inputs["resources"]));
      return { id: String(inputs["project"]), state: inputs };
    },
    read: async (id, state) => {
      if ((await unlessGone("Error reading Project", api.get(path(id)))) === undefined) return undefined;
      const there = await urnsIn(api, id);
      const resources = listOf(state["resources"] ?? there).filter((urn) => there.includes(urn));
      return { id, state: { project: id, resources } };
    },
    update: async (id, state, inputs) => {
      const { added, removed } = changed(state["resources"], inputs["resources"]);
      await put(api, "default", removed);
      await put(api, id, added);
      return inputs;
    },
    delete: async (_id, state) => put(api, "default", listOf(state["resources"])),
  };
}

function bodyOf(inputs: Properties): Properties {
  const { name, description, purpose, environment } = inputs;
  return nonEmpty({ name, description, purpose, environment });
}

async function put(api: Api, project: Json, resources: readonly Json[]): Promise<void> {
  if (resources.length === 0) return;
  await withStepName("Error assigning resources", api.post(`${path(project)}/resources`, { resources }));
}

async function urnsIn(api: Api, id: Json): Promise<Json[]> {
  const found = await withStepName(
    "Error loading project resources",
    api.all(`${path(id)}/resources`, "resources"),
  );
  return found.map(({ urn }) => urn);
}

async function stateOf(api: Api, id: Json): Promise<Properties> {
  const project = (await api.get(path(id)))["project"] as Properties;
  return {
    name: project["name"],
    description: project["description"],
    purpose: project["purpose"],
    environment: String(project["environment"]).toLowerCase(),
    isDefault: project["is_default"],
    createdAt: project["created_at"],
    updatedAt: project["updated_at"],
    ownerId: project["owner_id"],
    ownerUuid: project["owner_uuid"],
    resources: await urnsIn(api, id),
  };
}
