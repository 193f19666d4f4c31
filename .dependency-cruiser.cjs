// Imports point one way: a folder may import from those named beside it, and from itself.
const allowed = {
  base: [],
  model: ["base"],
  runtimes: ["base", "model"],
  host: ["base", "model"],
  config: ["base", "model", "runtimes", "host-kinds"],
  resources: ["base", "model", "runtimes", "config"],
  transport: ["base", "model"],
  inventory: ["base", "model", "config", "transport", "host-kinds"],
  "host-kinds": ["base", "model", "config", "transport", "inventory"],
  engine: ["base", "model", "config", "inventory", "host-kinds"],
  forge: ["base"],
  provider: ["base", "model", "config", "transport", "inventory", "host-kinds"],
  program: ["base", "model", "config", "resources", "inventory", "host-kinds"],
  cli: [
    ...["base", "model", "runtimes", "config", "resources", "transport", "inventory", "engine", "forge"],
    "host-kinds",
  ],
};

/** The files of a host kind that only one program loads, by the name of its folder; they may import that folder too. */
const ownPart = { program: "(program\\.ts|resources/)", provider: "provider(\\.ts|/)", cli: "import\\.ts" };
const parts = `^src/host-kinds/[^/]+/(${Object.values(ownPart).join("|")})`;

/** What the registry of host kinds imports is loaded by every program, so it uses only the vocabulary of config and inventory. */
const vocabulary = [
  "^src/config/(host-spec|open-port|problem|problem-report|yaml-types|yaml-values)\\.ts$",
  "^src/config/resolve/context\\.ts$",
  "^src/inventory/inventory-host\\.ts$",
];

/** Sections of fleet.yaml and options of commands that exist for one kind only. */
const usesOneKind = ["^src/host-kinds/", "^src/config/(fleet|resolve/fleet)\\.ts$", "^src/cli/commands/import\\.ts$"];

const hostKinds = [
  {
    name: "kinds-by-the-registry",
    comment: "Other folders ask the registry of host kinds; none knows one kind.",
    severity: "error",
    from: { path: "^src/", pathNot: usesOneKind },
    to: { path: "^src/host-kinds/[^/]+/" },
  },
  {
    name: "kinds-use-the-vocabulary",
    severity: "error",
    from: { path: "^src/host-kinds/", pathNot: parts },
    to: { path: "^src/(config|inventory)/", pathNot: vocabulary },
  },
  {
    name: "parts-of-kinds-stay-apart",
    comment: "The registry imports no part that only one program loads.",
    severity: "error",
    from: { path: "^src/", pathNot: [parts, "^src/cli/commands/import\\.ts$"] },
    to: { path: parts },
  },
  {
    name: "host-kinds-imports-one-way",
    severity: "error",
    from: { path: "^src/host-kinds/", pathNot: parts },
    to: { path: "^src/", pathNot: oneOf(["host-kinds", ...allowed["host-kinds"]]) },
  },
  ...Object.entries(ownPart).map(([folder, files]) => ({
    name: `host-kinds-${folder}-imports-one-way`,
    severity: "error",
    from: { path: `^src/host-kinds/[^/]+/${files}` },
    to: { path: "^src/", pathNot: oneOf([folder, "host-kinds", ...allowed["host-kinds"]]) },
  })),
];

function oneOf(folders) {
  return `^src/(${folders.join("|")})/`;
}

module.exports = {
  forbidden: [
    ...Object.entries(allowed)
      .filter(([folder]) => folder !== "host-kinds")
      .map(([folder, others]) => ({
        name: `${folder}-imports-one-way`,
        severity: "error",
        from: { path: `^src/${folder}/` },
        to: { path: "^src/", pathNot: oneOf([folder, ...others]) },
      })),
    ...hostKinds,
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
