/** What our provider needs of the engine, and the engine does not do by itself; set where it is unset. */
export const ENGINE_DEFAULTS: Readonly<Record<string, string>> = {
  // A host that is away must not keep the engine from the others.
  PULUMI_CONTINUE_ON_ERROR: "true",
  // The engine's own limit, 4 a core, would make hosts wait for each other.
  PULUMI_PARALLEL: "64",
};
