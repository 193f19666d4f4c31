export { engineChecks } from "./doctor-checks.ts";
export type { Engine } from "./find-engine.ts";
export { ensureEngine } from "./install-engine.ts";
export { ensureStack } from "./new-stack.ts";
export { launcherDir } from "./paths.ts";
export {
  elapsed,
  type InstallProgress as Progress,
  stderrProgress,
  withProgress as telling,
} from "./progress.ts";
export { ensureExampleStack } from "./stack.ts";
export { openStackConfig } from "./stack-config.ts";
export { stackInUse } from "./stack-in-use.ts";
export { type HostInState, hostInState } from "./state-edit.ts";
export { unlockStack } from "./unlock-stack.ts";
