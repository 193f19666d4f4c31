import { canBeEnabled, parseUnitFile, type UnitFile, valuesOf } from "../../model/unit-file.ts";
import type { ServiceFile, ServiceSpec } from "../fleet.ts";
import type { RawService } from "../fleet-yaml-types.ts";
import { openPort } from "../open-port.ts";
import type { Keys } from "../problem.ts";
import { isReserved, isReservedPath, reservedUnit } from "../reserved-names.ts";
import { secondsOf } from "../yaml-values.ts";
import type { Context, Resolver } from "./context.ts";
import { checkNoFileIsAFolder, fileOf } from "./file.ts";
import { healthOf } from "./health.ts";
import { maintenanceOf } from "./maintenance.ts";
import { restartsOf } from "./restarts.ts";

/** The default `grace` in seconds. The services of Debian start within a few seconds. */
const GRACE = 60;

/** The default shell, which refuses logins. Debian's system users have the same shell. */
const NO_SHELL = "/usr/sbin/nologin";

/** Resolves a service with its defaults. */
export const resolveService: Resolver<RawService, ServiceSpec> = (name, raw, keys, context) => {
  const { source, report } = context;
  const unit = raw.unit ?? `${name}.service`;
  const reserved = reservedUnit(unit);
  if (reserved !== undefined)
    report.error(source, at(raw, "unit", keys), `${reserved}: it cannot be declared as a service`);
  const file = raw.unitFile && fileOf(raw.unitFile, [...keys, "unitFile"], ["from"], context);
  const written = file && parseUnitFile(file.text);
  if (written !== undefined) checkUnitFile(written, [...keys, "unitFile"], context);
  const user = userOf(raw, written, keys, context);
  const files = filesOf(raw, keys, context);
  const health = raw.health && healthOf(raw.health, [...keys, "health"], user, context);
  checkAccount(raw, user, keys, context);
  checkHealth(raw, written, keys, context);
  const enabled = enabledOf(raw, written, keys, context);
  if (!report.isSound("services", name)) return undefined;
  return {
    name,
    host: raw.host,
    unit,
    open: (raw.open ?? []).map(openPort),
    packages: raw.packages ?? [],
    ...(file !== undefined && { text: file.text }),
    files,
    user,
    ...(raw.account !== undefined && { account: accountOf(name, raw.account) }),
    credentials: raw.credentials ?? [],
    enabled,
    running: raw.running ?? true,
    ...(health !== undefined && { health }),
    grace: secondsOf(raw.grace ?? GRACE),
    onUnhealthy: raw.onUnhealthy ?? "restart",
    restarts: restartsOf(raw.restarts),
    maintenance: maintenanceOf(raw, keys, context),
    protect: raw.protect ?? false,
  };
};

/** Returns the keys of an optional field, or the keys of the entry if the field is absent. */
function at(raw: RawService, field: keyof RawService, keys: Keys): Keys {
  return raw[field] === undefined ? keys : [...keys, field];
}

function checkUnitFile(written: UnitFile, keys: Keys, { source, report }: Context): void {
  if (written.flaw !== undefined) report.error(source, keys, written.flaw);
  const names = valuesOf(written, "Install", "Alias").flatMap((value) => value.split(/\s+/));
  const taken = names.flatMap((name) => reservedUnit(name) ?? []);
  if (taken[0] !== undefined) report.error(source, keys, `has an Alias=, but ${taken[0]}`);
}

/** Returns the declared user, or the `User=` of the unit file. A unit without `User=` runs as root. */
function userOf(raw: RawService, written: UnitFile | undefined, keys: Keys, context: Context): string {
  const inText = written && (valuesOf(written, "Service", "User").at(-1) || "root");
  if (raw.user !== undefined && inText !== undefined && raw.user !== inText) {
    const sentence = `is "${raw.user}", but the unit file has User=${inText}: one of the two is wrong`;
    context.report.error(context.source, [...keys, "user"], sentence);
  }
  return raw.user ?? inText ?? "root";
}

/** Refuses to create or change system accounts, including root. */
function checkAccount({ account }: RawService, user: string, keys: Keys, context: Context): void {
  if (account === undefined || (user !== "root" && !isReserved(user))) return;
  const sentence = `would create the user "${user}", which belongs to the system: choose another \`user\`, or remove \`account\``;
  context.report.error(context.source, [...keys, "account"], sentence, "key");
}

function accountOf(name: string, account: RawService["account"]): ServiceSpec["account"] & {} {
  return { home: account?.home ?? `/var/lib/${name}`, shell: account?.shell ?? NO_SHELL };
}

function filesOf(raw: RawService, keys: Keys, context: Context): ServiceSpec["files"] {
  const declared = Object.entries(raw.files ?? {});
  const paths = declared.map(([path]) => path);
  for (const path of paths.filter(isReservedPath)) {
    const sentence =
      "cannot be written by a service: it is a unit, belongs to Muster, or controls access to the host";
    context.report.error(context.source, [...keys, "files", path], sentence, "key");
  }
  checkNoFileIsAFolder(paths, [...keys, "files"], context);
  const files = declared.flatMap(([path, file]): [string, ServiceFile][] => {
    const read = fileOf(file, [...keys, "files", path], ["from"], context);
    const { owner = "root", group = owner } = file;
    return read === undefined ? [] : [[path, { ...read, owner, group }]];
  });
  return Object.fromEntries(files);
}

/**
 * Checks the fields of the health check. A check that runs a command must declare a user, so that the command does not
 * run as root by accident.
 */
function checkHealth(raw: RawService, written: UnitFile | undefined, keys: Keys, context: Context): void {
  const { source, report } = context;
  if (raw.health !== undefined && raw.running === false)
    report.error(
      source,
      [...keys, "health"],
      "needs a service that runs: remove this check, or `running: false`",
      "key",
    );
  if (raw.health?.command !== undefined && raw.health.user === undefined && raw.user === undefined) {
    if (written === undefined || valuesOf(written, "Service", "User").length === 0)
      report.error(source, [...keys, "health"], "runs a command without a declared user: add `user`");
  }
  for (const field of ["grace", "onUnhealthy", "restarts", "maintenance"] as const) {
    if (raw[field] === undefined || raw.health !== undefined) continue;
    report.error(source, [...keys, field], "is only for a service with a `health` check", "key");
  }
}

/**
 * Returns the wanted UnitFileState. Refuses to enable a unit without an [Install] section, because otherwise
 * the mistake would be noticed only after the next boot.
 */
function enabledOf(
  { enabled = true }: RawService,
  written: UnitFile | undefined,
  keys: Keys,
  { source, report }: Context,
): ServiceSpec["enabled"] {
  if (written === undefined || canBeEnabled(written)) return enabled ? "enabled" : "disabled";
  if (enabled) {
    const sentence =
      "has no [Install] section, so the service would not start after a reboot: add one with WantedBy=multi-user.target, " +
      "or declare `enabled: false`";
    report.error(source, [...keys, "unitFile"], sentence);
  }
  return "static";
}
