import type { MachineOfKind } from "../host-kind.ts";

/** The container that a run creates for each local host. */
export const LOCAL_MACHINE = {
  type: "LocalHost",
  tokens: ["muster:index:LocalHost"],
  isAlwaysDrift: true,
  removalText: () => "this local host with its disk",
} satisfies MachineOfKind;
