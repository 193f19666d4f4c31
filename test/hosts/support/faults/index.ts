import { disk } from "./disk.ts";
import type { Fault } from "./fault.ts";
import { login } from "./login.ts";
import { network } from "./network.ts";

/** Every fault that a run must tolerate. */
export const FAULTS: readonly Fault[] = [...network, ...disk, ...login];
