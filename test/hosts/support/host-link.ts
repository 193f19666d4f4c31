import { readdirSync, readFileSync } from "node:fs";
import { execa } from "execa";
import type { Project } from "./project.ts";

/** The network link between this machine and a local host. */
export interface Link {
  /** Drops all packets from now on, as if the host had lost its network. */
  cut(): Promise<void>;
  restore(): Promise<void>;
}

/** Finds this machine's end of a local host's link. The host's end has the index of this machine's end. */
export async function linkOf(project: Project, host: string): Promise<Link> {
  const index = (await project.onHost(host, "cat /sys/class/net/host0/iflink")).trim();
  const device = readdirSync("/sys/class/net").find(
    (name) => readFileSync(`/sys/class/net/${name}/ifindex`, "utf8").trim() === index,
  );
  if (device === undefined) throw new Error(`${host} has no link to this machine`);
  const set = async (state: string): Promise<void> =>
    void (await execa("ip", ["link", "set", device, state]));
  return { cut: () => set("down"), restore: () => set("up") };
}
