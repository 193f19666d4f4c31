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
    { name: "no-cycles", severity: "error", from: { path: "^src" }, to: { circular: true } },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
  },
};
