import { canBeEnabled, parseUnitFile, type UnitFile, valuesOf } from "../../model/unit-file.ts";
import type { ServiceFile, ServiceSpec } from "../fleet.ts";
import type { Keys } from "../problem.ts";
import { isReserved } from "../reserved-names.ts";
import { isReservedPath, reservedUnit } from "../reserved-units.ts";
import { type RawService, secondsOf } from "../yaml-types.ts";
import type { Context, Resolver } from "./context.ts";
import { openPort } from "./droplet.ts";
import { checkNoFileIsAFolder, fileOf } from "./file.ts";
import { healthOf } from "./health.ts";
import { maintenanceOf } from "./maintenance.ts";
import { restartsOf } from "./restarts.ts";

/** Seconds; Debian's own services are up in a few. */
const GRACE = 60;

/** No user can log in by it, as Debian's own system users have it. */
const NO_SHELL = "/usr/sbin/nologin";

/** A service with its defaults. */
export const resolveService: Resolver<RawService, ServiceSpec> = (name, raw, keys, context) => {
  const { source, report } = context;
  const unit = raw.unit ?? `${name}.service`;
  const reserved = reservedUnit(unit);
  if (reserved !== undefined)
    report.error(source, at(raw, "unit", keys), `${reserved}: it can be no service here`);
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

/** Where something stands that may be left out. */
function at(raw: RawService, field: keyof RawService, keys: Keys): Keys {
  return raw[field] === undefined ? keys : [...keys, field];
}

function checkUnitFile(written: UnitFile, keys: Keys, { source, report }: Context): void {
  if (written.flaw !== undefined) report.error(source, keys, written.flaw);
  const names = valuesOf(written, "Install", "Alias").flatMap((value) => value.split(/\s+/));
  const taken = names.flatMap((name) => reservedUnit(name) ?? []);
  if (taken[0] !== undefined) report.error(source, keys, `has an Alias=, but ${taken[0]}`);
}

/** The one that is declared, or that the unit's text has; a unit without one runs as root. */
function userOf(raw: RawService, written: UnitFile | undefined, keys: Keys, context: Context): string {
  const inText = written && (valuesOf(written, "Service", "User").at(-1) || "root");
  if (raw.user !== undefined && inText !== undefined && raw.user !== inText) {
    const sentence = `is "${raw.user}", but the unit's text has User=${inText}: one of the two is wrong`;
    context.report.error(context.source, [...keys, "user"], sentence);
  }
  return raw.user ?? inText ?? "root";
}

/** Neither is an account of the system made or changed here, nor root. */
function checkAccount({ account }: RawService, user: string, keys: Keys, context: Context): void {
  if (account === undefined || (user !== "root" && !isReserved(user))) return;
  const sentence = `would make the user "${user}", which is the system's: name another \`user\`, or leave this out`;
  context.report.error(context.source, [...keys, "account"], sentence, "key");
}

function accountOf(name: string, account: RawService["account"]): ServiceSpec["account"] & {} {
  return { home: account?.home ?? `/var/lib/${name}`, shell: account?.shell ?? NO_SHELL };
}

function filesOf(raw: RawService, keys: Keys, context: Context): ServiceSpec["files"] {
  const declared = Object.entries(raw.files ?? {});
  const paths = declared.map(([path]) => path);
  for (const path of paths.filter(isReservedPath)) {
    const sentence = "is no service's to write: it is a unit, Muster's own, or decides on people's rights";
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

/** A command needs somebody's rights, and root's only where that is said. */
function checkHealth(raw: RawService, written: UnitFile | undefined, keys: Keys, context: Context): void {
  const { source, report } = context;
  if (raw.health !== undefined && raw.running === false)
    report.error(source, [...keys, "health"], "is of a service that does not run: leave it out", "key");
  if (raw.health?.command !== undefined && raw.health.user === undefined && raw.user === undefined) {
    if (written === undefined || valuesOf(written, "Service", "User").length === 0)
      report.error(source, [...keys, "health"], "runs a command as nobody in particular: declare its `user`");
  }
  for (const field of ["grace", "onUnhealthy", "restarts", "maintenance"] as const) {
    if (raw[field] === undefined || raw.health !== undefined) continue;
    report.error(
      source,
      [...keys, field],
      "is for a service with a `health` check, which this one has not",
      "key",
    );
  }
}

/** A unit that says nothing of boots cannot be enabled, which nobody notices before the next one. */
function enabledOf(
  { enabled = true }: RawService,
  written: UnitFile | undefined,
  keys: Keys,
  { source, report }: Context,
): ServiceSpec["enabled"] {
  if (written === undefined || canBeEnabled(written)) return enabled ? "enabled" : "disabled";
  if (enabled) {
    const sentence =
      "has no [Install], so that it would not come back after a reboot: add one with WantedBy=multi-user.target, " +
      "or declare `enabled: false`";
    report.error(source, [...keys, "unitFile"], sentence);
  }
  return "static";
}
