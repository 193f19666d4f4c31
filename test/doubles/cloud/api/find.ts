import { type Context, seen } from "../context.ts";
import { notFound } from "../error.ts";
import type { Droplet, Volume } from "../things.ts";

export function findDroplet({ store }: Context, id: string | number | undefined): Droplet {
  const found = seen(store.data.droplets).find((droplet) => String(droplet.id) === String(id));
  if (found === undefined) throw notFound();
  return found;
}

export function findVolume({ store }: Context, id: string | undefined): Volume {
  const found = seen(store.data.volumes).find((volume) => volume.id === id);
  if (found === undefined) throw notFound();
  return found;
}
