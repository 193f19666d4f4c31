import type { Subject } from "../actions.ts";
import type { Context } from "../context.ts";
import { type Action, type Droplet, existing } from "../data.ts";
import { findVolume } from "./find-resource.ts";
import { attachNow, diskOf } from "./volume-disk.ts";

export function dropletSubject({ id, region }: Droplet): Subject {
  return { type: "droplet", id, region };
}

/** Changes a droplet from `new` to `active`: its machine runs, accepts the droplet's keys, and has an address. */
export function beginCreation(context: Context, droplet: Droplet, volumes: readonly string[]): Action {
  const { actions, machines } = context;
  if (droplet.fate === "stuck") return actions.begin("create", dropletSubject(droplet), null);
  return actions.begin("create", dropletSubject(droplet), async () => {
    const { id, name, publicKeys, userData } = droplet;
    droplet.publicAddress = await machines.create(id, { name, publicKeys, userData });
    if (droplet.fate === "silent") await machines.powerOff(id);
    for (const volume of volumes) await attachNow(context, findVolume(context, volume), id);
    droplet.status = "active";
  });
}

/** Removes a droplet and its machine, and also removes the droplet from firewalls and reserved IPs. */
export function removeDroplet({ store, settings, actions, machines }: Context, droplet: Droplet): void {
  const { data } = store;
  droplet.goneAt = Date.now() + settings.lag;
  const attached = existing(data.volumes).filter(({ dropletIds }) => dropletIds.includes(droplet.id));
  for (const volume of attached) volume.dropletIds = [];
  for (const firewall of data.firewalls) {
    firewall.dropletIds = firewall.dropletIds.filter((id) => id !== droplet.id);
  }
  for (const project of data.projects) {
    project.resources = project.resources.filter((urn) => urn !== `do:droplet:${droplet.id}`);
  }
  const led = existing(data.reservedIps).filter(({ dropletId }) => dropletId === droplet.id);
  for (const reserved of led) reserved.dropletId = null;
  const end = async (): Promise<void> => {
    for (const { ip } of led) await machines.lead(ip, null, null);
    for (const volume of attached) await machines.detach(droplet.id, diskOf(volume));
    await machines.remove(droplet.id);
  };
  actions.background(end());
}
