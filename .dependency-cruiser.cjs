// For each folder in src, the other folders from which its files can import. Imports between folders go in one
// direction.
const allowed = {
  base: [],
  model: ["base"],
  settings: ["base", "model"],
  runtimes: ["base", "model"],
  sources: ["base", "model"],
  host: ["base", "model", "settings"],
  config: ["base", "model", "settings", "runtimes", "host-kinds"],
  resources: ["base", "model", "settings", "runtimes", "config"],
  transport: ["base", "model"],
  inventory: ["base", "model", "config", "transport", "host-kinds"],
  "host-kinds": ["base", "model", "config", "transport", "inventory"],
  engine: ["base", "model", "config", "inventory", "host-kinds"],
  forge: ["base"],
  provider: ["base", "model", "config", "sources", "transport", "inventory", "host-kinds"],
  program: ["base", "model", "config", "resources", "inventory", "host-kinds"],
  cli: [
    ...["base", "model", "runtimes", "config", "resources", "transport", "inventory", "engine", "forge"],
    ...["host-kinds", "sources"],
  ],
};

/**
 * For each folder of a program: the files of a host kind that only this program loads. These files can also import from
 * that folder.
 */
const ownPart = { program: "(program\\.ts|resources/)", provider: "provider(\\.ts|/)", cli: "import\\.ts" };
const parts = `^src/host-kinds/[^/]+/(${Object.values(ownPart).join("|")})`;

/**
 * The files of config and inventory that the shared files of a host kind can import. Every program loads these shared
 * files, so the list is short.
 */
const vocabulary = [
  "^src/config/(host-spec|open-port|problem|problem-report|fleet-yaml-types|yaml-values)\\.ts$",
  "^src/config/resolve/context\\.ts$",
  "^src/inventory/inventory-host\\.ts$",
];

/**
 * The files that can import from the folder of one host kind: the registry, and the files for a section of fleet.yaml
 * or a command option that only one kind has.
 */
const usesOneKind = ["^src/host-kinds/", "^src/config/(fleet|resolve/fleet)\\.ts$", "^src/cli/commands/import\\.ts$"];

const hostKinds = [
  {
    name: "kinds-by-the-registry",
    comment: "Other folders use the registry of host kinds. They do not import the folder of one kind.",
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
    comment: "Files that every program loads must not import files that only one program loads.",
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
      comment: "Files for a host's units, accounts and system must not import the files that decide about changes.",
      severity: "error",
      from: { path: "^src/host/(units|accounts|system)/" },
      to: { path: "^src/host/(reconcile|hostd|kinds|moves|authorization)/" },
    },
    {
      name: "host-kinds-and-reconcile-know-no-feature",
      comment: "These folders must not import moves. They call moves through LifecycleHooks (src/host/context.ts).",
      severity: "error",
      from: { path: "^src/host/(kinds|reconcile|reports)/" },
      to: { path: "^src/host/(hostd|moves|authorization)/" },
    },
    {
      name: "host-deadman-is-on-top",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/host/(hostd/|root-commands\\.ts$)" },
      to: { path: "^src/host/hostd/" },
    },
    {
      name: "no-index-of-pulumi-sdk",
      comment: "The SDK's index takes half a second to load. Import from src/program/pulumi-sdk.ts; types are allowed.",
      severity: "error",
      from: { path: "^src/" },
      to: { path: "node_modules/@pulumi/pulumi/index", dependencyTypesNot: ["type-only"] },
    },
    { name: "no-cycles", severity: "error", from: { path: "^src" }, to: { circular: true } },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
  },
};
