// Imports point one way: a folder may import from those named beside it, and from itself.
const allowed = {
  base: [],
  model: ["base"],
  runtimes: ["base", "model"],
  host: ["base", "model"],
  config: ["base", "model", "runtimes"],
  resources: ["base", "model", "runtimes", "config"],
  transport: ["base", "model"],
  inventory: ["base", "model", "config", "transport"],
  cloud: ["base", "model", "transport", "inventory", "config", "digitalocean"],
  digitalocean: ["base"],
  engine: ["base", "model", "digitalocean"],
  forge: ["base"],
  provider: ["base", "model", "config", "transport", "inventory", "cloud"],
  program: ["base", "model", "config", "resources", "inventory"],
  cli: ["base", "model", "runtimes", "config", "resources", "transport", "inventory", "cloud", "engine", "forge"],
};

module.exports = {
  forbidden: [
    ...Object.entries(allowed).map(([folder, others]) => ({
      name: `${folder}-imports-one-way`,
      severity: "error",
      from: { path: `^src/${folder}/` },
      to: { path: "^src/", pathNot: `^src/(${[folder, ...others].join("|")})/` },
    })),
    {
      name: "host-facts-below-decisions",
      comment: "what a host has of units, accounts and its system is below what decides about them",
      severity: "error",
      from: { path: "^src/host/(units|accounts|system)/" },
      to: { path: "^src/host/(reconcile|hostd|kinds|moves|authorization)/" },
    },
    {
      name: "host-kinds-and-reconcile-know-no-feature",
      comment: "moves take part by LifecycleHooks of src/host/context.ts",
      severity: "error",
      from: { path: "^src/host/(kinds|reconcile|reports)/" },
      to: { path: "^src/host/(hostd|moves|authorization)/" },
    },
    {
      name: "host-deadman-is-on-top",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/host/(hostd/|main\\.ts$)" },
      to: { path: "^src/host/hostd/" },
    },
    { name: "no-cycles", severity: "error", from: { path: "^src" }, to: { circular: true } },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
  },
};
