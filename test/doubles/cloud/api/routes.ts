import type { Context, Routes } from "../context.ts";
import { accountRoutes } from "./account.ts";
import { catalogRoutes } from "./catalog.ts";
import { dropletActionRoutes } from "./droplet-actions.ts";
import { dropletRoutes } from "./droplets.ts";
import { firewallRoutes } from "./firewalls.ts";
import { projectRoutes } from "./projects.ts";
import { reservedIpRoutes } from "./reserved-ips.ts";
import { tagRoutes } from "./tags.ts";
import { volumeRoutes } from "./volumes.ts";
import { vpcRoutes } from "./vpcs.ts";

/** Returns all routes of the API. */
export function apiRoutes(context: Context): Routes {
  return {
    ...catalogRoutes,
    ...accountRoutes(context),
    ...dropletRoutes(context),
    ...dropletActionRoutes(context),
    ...firewallRoutes(context),
    ...reservedIpRoutes(context),
    ...volumeRoutes(context),
    ...tagRoutes(context),
    ...projectRoutes(context),
    ...vpcRoutes(context),
  };
}
