import type { HostBase } from "../../config/host-spec.ts";
import { type InventoryFile, type InventoryHost, knownTarget } from "../../inventory/inventory-host.ts";
import { HostError } from "../../transport/host-error.ts";
import type { HostKind, OnThisMachine } from "../host-kind.ts";
import { LOCAL_MACHINE } from "./machine-resources.ts";
import { localState } from "./nspawn/local-host-state.ts";
import { planMissing } from "./nspawn/requirements.ts";

/** A host that is a Debian container on this machine. Muster boots the container with systemd-nspawn. */
export interface LocalHostSpec extends HostBase {
  readonly kind: "local";
}

const inventory: InventoryFile = {
  path: "stacks/inventory.local.yaml",
  header: `# The local hosts of this machine. Written by \`npx pulumi up\`. Other machines cannot use this file.
`,
};

const hosts = async (project: string) => (await import("./nspawn/index.ts")).localHosts(project);

const onThisMachine: OnThisMachine = {
  what: "local hosts",
  missing: planMissing,
  mayActAsRoot: async () => (await import("./nspawn/call-helper.ts")).mayActAsRoot(),
  prepare: async (project, progress) => (await hosts(project)).prepare(progress),
  hasDisk: async (project, host) => (await hosts(project)).list().includes(host),
  removeDisk: async (project, host) => (await hosts(project)).remove(host),
  clean: async (project) => (await hosts(project)).clean(),
};

export const local: HostKind<LocalHostSpec> = {
  isProtected: false,
  inventory,
  resolve: (_raw, common) => ({ kind: "local", ...common }),
  sharedWith: () => ({ network: "this machine" }),
  // A rename does not change the disk, the cgroups and the running supervisor: they keep the original name of the host.
  renamed: (host, from) => ({ ...host, machine: host.machine ?? from }),
  target: (spec, known) => {
    if (known !== undefined) return knownTarget(spec, known, inventory);
    throw new HostError({
      host: spec.name,
      reason: "never-booted",
      what: "it cannot be reached",
      why: "this local host has never been booted on this machine.",
      next: "Run `npx pulumi up`.",
    });
  },
  checkRunning: (project: string, host: string, known: InventoryHost | undefined) => {
    if (localState(project, known?.machine ?? host) !== "stopped") return;
    throw new HostError({
      host,
      reason: "refused",
      what: "it cannot be reached",
      why: "this local host is stopped.",
      next: "Run `npx pulumi up`, which boots it.",
    });
  },
  machine: LOCAL_MACHINE,
  onThisMachine,
};
