import { randomUUID } from "node:crypto";
import {
  type Context,
  created,
  list,
  noContent,
  ok,
  type Params,
  type Routes,
  visible,
  visibleFromNow,
} from "../context.ts";
import { existing, type Project } from "../data.ts";
import { ApiError, notFound } from "../error.ts";
import { isTaken, requiredText, text, texts } from "./body-fields.ts";

/** Returns the routes of projects and their resources. A new account has one project. */
export function projectRoutes(context: Context): Routes {
  const { store, settings } = context;
  const { data } = store;
  const find = ({ id }: Params): Project => {
    if (id === "default") return defaultProject(context);
    const found = visible(data.projects).find((project) => project.id === id);
    if (found === undefined) throw notFound();
    return found;
  };
  const change = (project: Project, body: Readonly<Record<string, unknown>>) => {
    project.name = text(body, "name") ?? project.name;
    project.description = text(body, "description") ?? project.description;
    project.purpose = text(body, "purpose") ?? project.purpose;
    project.environment = text(body, "environment") ?? project.environment;
    if (body["is_default"] === true) for (const one of data.projects) one.isDefault = one === project;
    project.updatedAt = new Date().toISOString();
    return ok({ project: shownProject(project) });
  };
  return {
    "GET /v2/projects": () => {
      defaultProject(context);
      return list("projects", visible(data.projects).map(shownProject));
    },
    "POST /v2/projects": ({ body }) => {
      const [name, purpose] = [requiredText(body, "name"), requiredText(body, "purpose")];
      if (isTaken(data.projects, name)) throw new ApiError(409, "conflict", "name is already in use");
      const project = newProject(name, purpose, false, settings.lag);
      project.description = text(body, "description") ?? "";
      project.environment = text(body, "environment") ?? "";
      data.projects.push(project);
      return created({ project: shownProject(project) });
    },
    "GET /v2/projects/:id": ({ params }) => ok({ project: shownProject(find(params)) }),
    "PUT /v2/projects/:id": ({ params, body }) => change(find(params), body),
    "PATCH /v2/projects/:id": ({ params, body }) => change(find(params), body),
    "DELETE /v2/projects/:id": ({ params }) => {
      const project = find(params);
      if (project.resources.length > 0) {
        throw new ApiError(412, "precondition_failed", "cannot delete a project with resources");
      }
      project.goneAt = visibleFromNow(settings).visibleAt;
      return noContent;
    },
    "GET /v2/projects/:id/resources": ({ params }) =>
      list(
        "resources",
        find(params).resources.map((urn) => shownResource(urn, "ok")),
      ),
    "POST /v2/projects/:id/resources": ({ params, body }) => {
      const project = find(params);
      const urns = texts(body, "resources");
      for (const one of data.projects) one.resources = one.resources.filter((urn) => !urns.includes(urn));
      project.resources.push(...urns);
      return ok({ resources: urns.map((urn) => shownResource(urn, "assigned")) });
    },
  };
}

/** Returns the default project, which the first call creates. */
export function defaultProject({ store }: Context): Project {
  const found = existing(store.data.projects).find(({ isDefault }) => isDefault);
  if (found !== undefined) return found;
  const project = newProject("first-project", "Just trying out DigitalOcean", true, 0);
  store.data.projects.push(project);
  return project;
}

function newProject(name: string, purpose: string, isDefault: boolean, lag: number): Project {
  const now = new Date().toISOString();
  return {
    id: randomUUID(),
    name,
    description: "",
    purpose,
    environment: "",
    isDefault,
    createdAt: now,
    updatedAt: now,
    resources: [],
    visibleAt: Date.now() + lag,
    goneAt: null,
  };
}

function shownResource(urn: string, status: string): object {
  const [, type, id] = urn.split(":");
  return { urn, assigned_at: new Date().toISOString(), links: { self: `/v2/${type}s/${id}` }, status };
}

export function shownProject(project: Project): object {
  return {
    id: project.id,
    owner_uuid: "99525febec065ca37b2ffe4f852fd2b2581895e7",
    owner_id: 258_992,
    name: project.name,
    description: project.description,
    purpose: project.purpose,
    environment: project.environment,
    is_default: project.isDefault,
    created_at: project.createdAt,
    updated_at: project.updatedAt,
  };
}
