export { engineChecks } from "./doctor-checks.ts";
export type { Engine } from "./find-engine.ts";
export { ensureEngine } from "./install-engine.ts";
export { launcherDir } from "./paths.ts";
export {
  elapsed,
  type InstallProgress as Progress,
  stderrProgress,
  withProgress,
} from "./progress.ts";
export { type HostInState, hostInState } from "./remove-host-from-state.ts";
export { ensureExampleStack, ensureStack, stackInUse } from "./stack.ts";
export { openStackConfig } from "./stack-config.ts";
export { unlockStack } from "./unlock-stack.ts";
