import { randomInt } from "node:crypto";
import { shownAction } from "../actions.ts";
import { regionOf, shownRegion } from "../catalog.ts";
import {
  accepted,
  type Context,
  created,
  list,
  noContent,
  ok,
  type Routes,
  visible,
  visibleFromNow,
} from "../context.ts";
import { existing, type ReservedIp } from "../data.ts";
import { notFound, unprocessable } from "../error.ts";
import { requiredText } from "./body-fields.ts";
import { findDroplet } from "./find-resource.ts";
import { defaultProject } from "./projects.ts";
import { shownDroplet } from "./shown-droplet.ts";

/**
 * The range of reserved addresses. RFC 2544 reserves it for measurements, so no droplet has an address in it. The
 * addresses lead to hosts on this machine, and are random so that two clouds on this machine do not collide.
 */
const RANGE = "198.18";

/** The number of addresses that an account can have. */
export const MOST_ADDRESSES = 3;

/** Returns the routes of reserved IPs, under their current name and under their former name (floating IPs). */
export function reservedIpRoutes(context: Context): Routes {
  return { ...routesOf(context, "reserved_ip"), ...routesOf(context, "floating_ip") };
}

function routesOf(context: Context, name: "reserved_ip" | "floating_ip"): Routes {
  const { store, settings, actions, machines } = context;
  const { data } = store;
  const base = `/v2/${name}s`;
  const find = (ip: string | undefined): ReservedIp => {
    const found = visible(data.reservedIps).find((one) => one.ip === ip);
    if (found === undefined) throw notFound();
    return found;
  };
  const shown = (one: ReservedIp) => shownReservedIp(context, one);
  const move = (type: string, one: ReservedIp, to: number | null) => {
    const from = one.dropletId;
    const subject = { type: "reserved_ip", id: one.ip, region: one.region };
    return actions.begin(type, subject, async () => {
      await machines.lead(one.ip, from, to);
      one.dropletId = to;
    });
  };
  return {
    [`GET ${base}`]: () => list(`${name}s`, visible(data.reservedIps).map(shown)),
    [`POST ${base}`]: ({ body }) => {
      const droplet = body["droplet_id"] ? findDroplet(context, Number(body["droplet_id"])) : undefined;
      const region = regionOf(droplet?.region ?? requiredText(body, "region"));
      if (region === undefined) throw unprocessable("Region is invalid");
      if (existing(data.reservedIps).length >= MOST_ADDRESSES) {
        throw unprocessable("You have reached the limit of reserved IPs for your account.");
      }
      const [ip, projectId] = [freeIp(existing(data.reservedIps)), defaultProject(context).id];
      const one: ReservedIp = {
        ip,
        region: region.slug,
        projectId,
        dropletId: null,
        ...visibleFromNow(settings),
      };
      data.reservedIps.push(one);
      if (droplet !== undefined) move("assign_ip", one, droplet.id);
      return accepted({ [name]: shown(one) });
    },
    [`GET ${base}/:ip`]: ({ params }) => ok({ [name]: shown(find(params["ip"])) }),
    [`DELETE ${base}/:ip`]: ({ params }) => {
      const one = find(params["ip"]);
      one.goneAt = Date.now() + settings.lag;
      actions.background(machines.lead(one.ip, one.dropletId, null));
      return noContent;
    },
    [`POST ${base}/:ip/actions`]: ({ params, body }) => {
      const one = find(params["ip"]);
      const type = requiredText(body, "type");
      if (actions.isBusy("reserved_ip", one.ip))
        throw unprocessable("The reserved IP already has a pending event.");
      if (type === "unassign") {
        if (one.dropletId === null) throw unprocessable("The reserved IP is not assigned to a Droplet.");
        return created({ action: shownAction(move("unassign_ip", one, null)) });
      }
      if (type !== "assign") throw unprocessable("You specified an invalid type for the action.");
      const droplet = findDroplet(context, Number(body["droplet_id"]));
      if (actions.isBusy("droplet", droplet.id)) throw unprocessable("Droplet already has a pending event.");
      if (droplet.region !== one.region) {
        throw unprocessable("The reserved IP and the Droplet must be in the same region.");
      }
      const other = existing(data.reservedIps).find(
        ({ ip, dropletId }) => ip !== one.ip && dropletId === droplet.id,
      );
      if (other !== undefined) throw unprocessable("The Droplet already has a reserved IP assigned.");
      return created({ action: shownAction(move("assign_ip", one, droplet.id)) });
    },
    [`GET ${base}/:ip/actions`]: ({ params }) =>
      list("actions", actions.of("reserved_ip", find(params["ip"]).ip).map(shownAction)),
    [`GET ${base}/:ip/actions/:action`]: ({ params }) =>
      ok({ action: shownAction(actions.get(Number(params["action"]))) }),
  };
}

function freeIp(taken: readonly ReservedIp[]): string {
  for (;;) {
    const ip = `${RANGE}.${randomInt(256)}.${randomInt(1, 255)}`;
    if (!taken.some((one) => one.ip === ip)) return ip;
  }
}

export function shownReservedIp({ store }: Context, one: ReservedIp): object {
  const droplet = existing(store.data.droplets).find(({ id }) => id === one.dropletId);
  const region = regionOf(one.region);
  return {
    ip: one.ip,
    droplet: droplet === undefined ? null : shownDroplet(store, droplet),
    region: region && shownRegion(region),
    locked: false,
    project_id: one.projectId,
  };
}
