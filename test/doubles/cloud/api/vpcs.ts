import { randomUUID } from "node:crypto";
import { REGIONS } from "../catalog.ts";
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
import { existing, type Vpc } from "../data.ts";
import { ApiError, notFound, unprocessable } from "../error.ts";
import { isTaken, requiredText, text } from "./body-fields.ts";

/**
 * Returns the routes of private networks. Each region has a default network. The networks are stored and returned, but
 * do not connect hosts.
 */
export function vpcRoutes(context: Context): Routes {
  const { store, settings } = context;
  const { data } = store;
  const find = (params: Params): Vpc => {
    const found = visible(data.vpcs).find(({ id }) => id === params["id"]);
    if (found === undefined) throw notFound();
    return found;
  };
  const members = (vpc: Vpc) => existing(data.droplets).filter(({ vpcUuid }) => vpcUuid === vpc.id);
  const change = (vpc: Vpc, body: Readonly<Record<string, unknown>>) => {
    vpc.name = text(body, "name") ?? vpc.name;
    vpc.description = text(body, "description") ?? vpc.description;
    return ok({ vpc: shownVpc(vpc) });
  };
  return {
    "GET /v2/vpcs": () => list("vpcs", visible(data.vpcs).map(shownVpc)),
    "POST /v2/vpcs": ({ body }) => {
      const [name, region] = [requiredText(body, "name"), requiredText(body, "region")];
      if (!REGIONS.some(({ slug }) => slug === region)) throw unprocessable("invalid region");
      if (isTaken(data.vpcs, name)) throw unprocessable("a VPC with this name already exists");
      const ipRange = text(body, "ip_range") ?? freeRange(data.vpcs);
      const vpc = { ...newVpc(name, region, ipRange, false), ...visibleFromNow(settings) };
      vpc.description = text(body, "description") ?? "";
      data.vpcs.push(vpc);
      return created({ vpc: shownVpc(vpc) });
    },
    "GET /v2/vpcs/:id": ({ params }) => ok({ vpc: shownVpc(find(params)) }),
    "PUT /v2/vpcs/:id": ({ params, body }) => change(find(params), body),
    "PATCH /v2/vpcs/:id": ({ params, body }) => change(find(params), body),
    "DELETE /v2/vpcs/:id": ({ params }) => {
      const vpc = find(params);
      if (vpc.isDefault) throw new ApiError(403, "forbidden", "Can not delete the default VPC");
      if (members(vpc).length > 0) throw new ApiError(409, "conflict", "Can not delete VPC with members");
      vpc.goneAt = Date.now() + settings.lag;
      return noContent;
    },
    "GET /v2/vpcs/:id/members": ({ params }) =>
      list(
        "members",
        members(find(params)).map(({ id, name, createdAt }) => ({
          urn: `do:droplet:${id}`,
          name,
          created_at: createdAt,
        })),
      ),
  };
}

/** Returns the default VPC of a region, which the first call creates. */
export function defaultVpc({ store }: Context, region: string): Vpc {
  const { vpcs } = store.data;
  const found = existing(vpcs).find((vpc) => vpc.isDefault && vpc.region === region);
  if (found !== undefined) return found;
  const vpc = newVpc(`default-${region}`, region, freeRange(vpcs), true);
  vpcs.push(vpc);
  return vpc;
}

function freeRange(vpcs: readonly Vpc[]): string {
  return `10.${116 + (vpcs.length % 100)}.0.0/20`;
}

function newVpc(name: string, region: string, ipRange: string, isDefault: boolean): Vpc {
  return {
    id: randomUUID(),
    name,
    description: "",
    region,
    ipRange,
    isDefault,
    createdAt: new Date().toISOString(),
    visibleAt: Date.now(),
    goneAt: null,
  };
}

function shownVpc(vpc: Vpc): object {
  return {
    id: vpc.id,
    urn: `do:vpc:${vpc.id}`,
    name: vpc.name,
    description: vpc.description,
    region: vpc.region,
    ip_range: vpc.ipRange,
    default: vpc.isDefault,
    created_at: vpc.createdAt,
  };
}
