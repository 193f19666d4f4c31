import { shownAction } from "../actions.ts";
import { imageOf, sizeOf } from "../catalog.ts";
import { type Call, type Context, created, type Routes } from "../context.ts";
import type { Droplet } from "../data.ts";
import { unprocessable } from "../error.ts";
import { requiredText } from "./body-fields.ts";
import { dropletSubject } from "./droplet-lifecycle.ts";
import { ipv6Of } from "./droplet-order.ts";
import { findDroplet } from "./find-resource.ts";

type Body = Call["body"];

/** Validates a request immediately, and returns the work that takes time. */
type DropletAction = (context: Context, droplet: Droplet, body: Body) => () => void | Promise<void>;

export function dropletActionRoutes(context: Context): Routes {
  const { actions } = context;
  return {
    "POST /v2/droplets/:id/actions": ({ params, body }) => {
      const droplet = findDroplet(context, params["id"]);
      const type = requiredText(body, "type");
      const action = ACTIONS[type];
      if (action === undefined) throw unprocessable("You specified an invalid type for the action.");
      if (actions.isBusy("droplet", droplet.id)) throw unprocessable("Droplet already has a pending event.");
      const work = action(context, droplet, body);
      return created({ action: shownAction(actions.begin(type, dropletSubject(droplet), work)) });
    },
  };
}

const powerOff: DropletAction = ({ machines }, droplet) => {
  if (droplet.status === "off") throw unprocessable("Droplet is already powered off.");
  return async () => {
    await machines.powerOff(droplet.id);
    droplet.status = "off";
  };
};

const powerCycle: DropletAction =
  ({ machines }, droplet) =>
  async () => {
    await machines.powerOff(droplet.id);
    await machines.powerOn(droplet.id);
    droplet.status = "active";
  };

const withFeature =
  (name: string, on: boolean): DropletAction =>
  (_, droplet) =>
  () => {
    droplet.features = droplet.features.filter((feature) => feature !== name).concat(on ? [name] : []);
    if (name === "ipv6") droplet.ipv6Address = ipv6Of(droplet.id);
  };

const ACTIONS: Readonly<Record<string, DropletAction>> = {
  power_off: powerOff,
  shutdown: powerOff,
  power_on: ({ machines }, droplet) => {
    if (droplet.status === "active") throw unprocessable("Droplet is already powered on.");
    return async () => {
      await machines.powerOn(droplet.id);
      droplet.status = "active";
    };
  },
  power_cycle: powerCycle,
  reboot: powerCycle,
  rename: (_, droplet, body) => {
    const name = requiredText(body, "name");
    return () => {
      droplet.name = name;
    };
  },
  resize: (_, droplet, body) => {
    const size = sizeOf(body["size"]);
    if (size === undefined) throw unprocessable("You specified an invalid size for Droplet resize.");
    if (droplet.status !== "off")
      throw unprocessable("The Droplet must be powered off before it can be resized.");
    if (size.disk < droplet.disk) {
      throw unprocessable("This size is not available because it has a smaller disk.");
    }
    return () => {
      droplet.size = size.slug;
      if (body["disk"] === true) droplet.disk = size.disk;
    };
  },
  rebuild: ({ machines }, droplet, body) => {
    const image = imageOf(body["image"]);
    if (image === undefined) throw unprocessable("You specified an invalid image for Droplet rebuild.");
    const { name, publicKeys, userData } = droplet;
    return async () => {
      await machines.rebuild(droplet.id, { name, publicKeys, userData });
      droplet.image = image.slug;
      droplet.status = "active";
    };
  },
  enable_ipv6: withFeature("ipv6", true),
  enable_private_networking: withFeature("private_networking", true),
  enable_backups: withFeature("backups", true),
  disable_backups: withFeature("backups", false),
  change_backup_policy: () => () => {},
};
