/**
 * The settings of the Pulumi engine that Muster needs and that differ from the engine's defaults. A user's own values
 * take precedence.
 */
export const ENGINE_DEFAULTS: Readonly<Record<string, string>> = {
  // An unreachable host must not stop the engine from updating the other hosts.
  PULUMI_CONTINUE_ON_ERROR: "true",
  // By default, the engine runs 4 operations per core at the same time, so hosts would wait for each other.
  PULUMI_PARALLEL: "64",
};
