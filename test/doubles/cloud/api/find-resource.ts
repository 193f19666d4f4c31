import { type Context, visible } from "../context.ts";
import type { Droplet, Volume } from "../data.ts";
import { notFound } from "../error.ts";

export function findDroplet({ store }: Context, id: string | number | undefined): Droplet {
  const found = visible(store.data.droplets).find((droplet) => String(droplet.id) === String(id));
  if (found === undefined) throw notFound();
  return found;
}

export function findVolume({ store }: Context, id: string | undefined): Volume {
  const found = visible(store.data.volumes).find((volume) => volume.id === id);
  if (found === undefined) throw notFound();
  return found;
}
