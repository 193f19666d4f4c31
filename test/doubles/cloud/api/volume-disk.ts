import type { Context } from "../context.ts";
import type { Volume } from "../data.ts";
import type { Disk } from "../machines/machines.ts";

/** Returns a volume as the disk of a machine. */
export function diskOf({ id, name, size, filesystemType }: Volume): Disk {
  return { id, name, size, filesystem: filesystemType };
}

export async function attachNow({ machines }: Context, volume: Volume, droplet: number): Promise<void> {
  await machines.attach(droplet, diskOf(volume));
  volume.dropletIds = [droplet];
}
