// Imports point one way: a folder may import from those named beside it, and from itself.
const allowed = {
  base: [],
  model: ["base"],
  runtimes: ["base", "model"],
  host: ["base", "model"],
  spec: ["base", "model", "runtimes"],
  resources: ["base", "model", "runtimes", "spec"],
  transport: ["base", "model"],
  inventory: ["base", "model", "spec", "transport"],
  cloud: ["base", "model", "transport", "inventory", "spec", "digitalocean"],
  digitalocean: ["base"],
  engine: ["base", "model", "digitalocean"],
  forge: ["base"],
  provider: ["base", "model", "spec", "transport", "inventory", "cloud"],
  program: ["base", "model", "spec", "resources", "inventory"],
  cli: ["base", "model", "runtimes", "spec", "resources", "transport", "inventory", "cloud", "engine", "forge"],
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
