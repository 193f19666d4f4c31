import { randomUUID } from "node:crypto";
import { shownAction } from "../actions.ts";
import { regionOf, shownRegion } from "../catalog.ts";
import {
  accepted,
  type Call,
  type Context,
  created,
  list,
  noContent,
  ok,
  type Routes,
  visible,
  visibleFromNow,
} from "../context.ts";
import type { Action, Volume } from "../data.ts";
import { ApiError, notFound, unprocessable } from "../error.ts";
import { createTags, isTaken, requiredText, text, texts } from "./body-fields.ts";
import { findDroplet, findVolume } from "./find-resource.ts";
import { attachNow, diskOf } from "./volume-disk.ts";

/**
 * Returns the routes of volumes. While a volume is attached, the droplet's host has a real block device for the volume.
 */
export function volumeRoutes(context: Context): Routes {
  const { store, settings, actions } = context;
  const { data } = store;
  const remove = (volume: Volume) => {
    if (volume.dropletIds.length > 0) {
      throw new ApiError(409, "conflict", "a volume that's attached to a Droplet cannot be deleted");
    }
    volume.goneAt = Date.now() + settings.lag;
    actions.background(context.machines.removeDisk(diskOf(volume)));
    return noContent;
  };
  const byName = ({ query, body }: Call): Volume => {
    const name = query.get("name") ?? text(body, "volume_name");
    const region = query.get("region") ?? text(body, "region");
    const found = visible(data.volumes).find((one) => one.name === name && one.region === region);
    if (found === undefined) throw notFound();
    return found;
  };
  const act = (volume: Volume, body: Call["body"]) =>
    accepted({ action: shownAction(beginVolumeAction(context, volume, body)) });
  return {
    "GET /v2/volumes": ({ query }) => {
      const [name, region] = [query.get("name"), query.get("region")];
      const found = visible(data.volumes).filter(
        (one) => (name === null || one.name === name) && (region === null || one.region === region),
      );
      return list("volumes", found.map(shownVolume));
    },
    "POST /v2/volumes": ({ body }) => {
      const name = requiredText(body, "name");
      const region = regionOf(requiredText(body, "region"));
      if (region === undefined) throw unprocessable("invalid region");
      if (!/^[a-z][a-z0-9-]{0,63}$/.test(name)) {
        throw unprocessable("name must be lowercase letters, numbers and dashes, and begin with a letter");
      }
      if (
        isTaken(
          data.volumes.filter((one) => one.region === region.slug),
          name,
        )
      ) {
        throw new ApiError(409, "conflict", `volume with name ${name} already exists in ${region.slug}`);
      }
      const size = Number(body["size_gigabytes"]);
      if (!Number.isInteger(size) || size < 1) throw unprocessable("size_gigabytes must be at least 1");
      const volume: Volume = {
        id: randomUUID(),
        name,
        region: region.slug,
        size,
        description: text(body, "description") ?? "",
        filesystemType: text(body, "filesystem_type") ?? "",
        filesystemLabel: text(body, "filesystem_label") ?? "",
        createdAt: new Date().toISOString(),
        dropletIds: [],
        tags: createTags(data.tags, texts(body, "tags")),
        ...visibleFromNow(settings),
      };
      data.volumes.push(volume);
      return created({ volume: shownVolume(volume) });
    },
    "DELETE /v2/volumes": (call) => remove(byName(call)),
    "GET /v2/volumes/:id": ({ params }) => ok({ volume: shownVolume(findVolume(context, params["id"])) }),
    "DELETE /v2/volumes/:id": ({ params }) => remove(findVolume(context, params["id"])),
    "POST /v2/volumes/actions": (call) => act(byName(call), call.body),
    "POST /v2/volumes/:id/actions": ({ params, body }) => act(findVolume(context, params["id"]), body),
    "GET /v2/volumes/:id/actions": ({ params }) =>
      list("actions", actions.of("volume", findVolume(context, params["id"]).id).map(shownAction)),
    "GET /v2/volumes/:id/actions/:action": ({ params }) =>
      ok({ action: shownAction(actions.get(Number(params["action"]))) }),
  };
}

function beginVolumeAction(context: Context, volume: Volume, body: Call["body"]): Action {
  const { actions, machines } = context;
  const type = requiredText(body, "type");
  const subject = { type: "volume", id: volume.id, region: volume.region };
  if (actions.isBusy("volume", volume.id)) throw unprocessable("Volume already has a pending event.");
  if (type === "resize") {
    const size = Number(body["size_gigabytes"]);
    if (!(size > volume.size)) throw unprocessable("a volume can only be made larger");
    return actions.begin(type, subject, async () => {
      volume.size = size;
      await machines.resizeDisk(diskOf(volume));
    });
  }
  const droplet = findDroplet(context, Number(body["droplet_id"]));
  if (actions.isBusy("droplet", droplet.id)) throw unprocessable("Droplet already has a pending event.");
  const attached = volume.dropletIds.includes(droplet.id);
  if (type === "attach") {
    if (volume.dropletIds.length > 0) throw unprocessable("The volume is already attached to a Droplet.");
    if (droplet.region !== volume.region) throw unprocessable("The volume must be in the Droplet's region.");
    return actions.begin("attach_volume", { ...subject, droplet: droplet.id }, () =>
      attachNow(context, volume, droplet.id),
    );
  }
  if (type !== "detach") throw unprocessable("You specified an invalid type for the action.");
  if (!attached) throw unprocessable("The volume is not attached to this Droplet.");
  return actions.begin("detach_volume", { ...subject, droplet: droplet.id }, async () => {
    await machines.detach(droplet.id, diskOf(volume));
    volume.dropletIds = [];
  });
}

export function shownVolume(volume: Volume): object {
  const region = regionOf(volume.region);
  return {
    id: volume.id,
    name: volume.name,
    region: region && shownRegion(region),
    size_gigabytes: volume.size,
    description: volume.description,
    filesystem_type: volume.filesystemType,
    filesystem_label: volume.filesystemLabel,
    created_at: volume.createdAt,
    droplet_ids: volume.dropletIds,
    tags: volume.tags,
  };
}
