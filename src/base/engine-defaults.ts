/**
 * The Pulumi engine's settings that Muster needs, and that
 * differ from Pulumi's defaults. A user's own values win.
 */
export const ENGINE_DEFAULTS: Readonly<Record<string, string>> = {
  // An unreachable host must not stop the engine from updating the others.
  PULUMI_CONTINUE_ON_ERROR: "true",
  // With the engine's default of 4 operations for each core, hosts would wait for each other.
  PULUMI_PARALLEL: "64",
};
