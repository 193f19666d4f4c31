export { engineChecks } from "./doctor.ts";
export type { Engine } from "./find.ts";
export { ensureEngine } from "./install.ts";
export { ensureStack } from "./new-stack.ts";
export { launcherDir } from "./places.ts";
export { elapsed, type Progress, stderrProgress, telling } from "./progress.ts";
export { ensureExampleStack } from "./stack.ts";
export { type HostInState, hostInState } from "./state-edit.ts";
export { unlockStack } from "./unlock.ts";
