import { join } from "node:path";
import type { CredentialSpec, Fleet, ServiceSpec } from "../config/fleet.ts";
import type { ServicePolicy } from "../model/deadman.ts";
import { isLogin } from "../model/detect-logins.ts";
import { quarantineFile, servicePolicyFile, settingsFile } from "../model/host-paths.ts";
import { AS_DECLARED, type FileItem, type Items, type UnitItem } from "../model/items.ts";
import { hostId, serviceId } from "../model/resource-id.ts";
import { addressReference } from "../model/scrape-targets.ts";
import { environmentLines, renderUnit, type UnitLine } from "../model/unit-file.ts";
import { credentialsDir } from "./agent/credentials.ts";
import type { Compiler, ResourceDefinition } from "./definition.ts";
import { formerIds } from "./former-ids.ts";
import { rootFile, rootFolder, unitFile } from "./root-files.ts";

/**
 * A systemd service of a host: its packages, its user, its files and its unit. The service belongs to the
 * platform's stack, because a unit can do anything on its host.
 */
export const service: ResourceDefinition = {
  type: "Service",
  declare: (fleet, compiler) =>
    Object.values(fleet.services).map((one) => ({
      type: "Service",
      id: serviceId(one.host, one.name),
      host: one.host,
      service: one.name,
      needs: [hostId(one.host)],
      formerly: formerIds(fleet, one.host, { name: one.name, formerly: [] }, serviceId),
      protect: one.protect,
      ...(one.addresses && { machines: Object.keys(one.addresses.hosts) }),
      items: {
        ...packages(one),
        ...account(one),
        ...credentials(fleet, one),
        ...files(one, compiler),
        ...addressFile(one),
        ...unitFiles(fleet, one, compiler),
        ...policy(one, compiler),
        unit: unitOf(one),
      },
    })),
};

function packages({ packages }: ServiceSpec): Items {
  const items = packages.map((name) => [
    `package ${name}`,
    { kind: "package", name, want: { present: true } } as const,
  ]);
  return Object.fromEntries(items);
}

function account({ user, account }: ServiceSpec): Items {
  if (account === undefined) return {};
  const kept = { name: user, onRemove: "keep" } as const;
  return {
    [`group ${user}`]: { kind: "group", ...kept, want: { present: true } },
    [`user ${user}`]: {
      kind: "user",
      ...kept,
      system: true,
      want: { present: true, group: user, ...account },
    },
  };
}

/**
 * Returns the credentials and their folder. Only the user of the service can read the credentials, and only
 * root can list the folder.
 */
function credentials(fleet: Fleet, service: ServiceSpec): Items {
  const held = credentialsOf(fleet, service);
  if (held.length === 0) return {};
  const folder = rootFolder(credentialsDir(service), "root", "0711");
  const secrets = held.map((one) => [`credential ${one.name}`, secretFile(service, one)]);
  return { "credentials' folder": folder, ...Object.fromEntries(secrets) };
}

function credentialsOf(fleet: Fleet, service: ServiceSpec): CredentialSpec[] {
  return service.credentials.flatMap((name) => fleet.credentials[name] ?? []);
}

function secretFile(service: ServiceSpec, spec: CredentialSpec): FileItem {
  const want = {
    type: "file",
    content: AS_DECLARED,
    owner: service.user,
    group: "root",
    mode: "0400",
  } as const;
  return {
    kind: "file",
    path: join(credentialsDir(service), spec.name),
    secret: spec.from,
    notify: service.unit,
    ...(spec.env !== undefined && { envName: spec.env }),
    ...(isLogin(spec) && { login: true }),
    ...(spec.sharedBecause !== undefined && { sharedBecause: spec.sharedBecause }),
    want,
  };
}

function files({ files, unit }: ServiceSpec, { keep }: Compiler): Items {
  const items = Object.entries(files).map(([path, { text, owner, group, mode }]) => {
    const want = { type: "file", content: keep(text), owner, group, mode } as const;
    return [path, { kind: "file", path, notify: unit, want }];
  });
  return Object.fromEntries(items);
}

/**
 * Returns the file with the addresses of hosts. The file's content is a reference, because only the provider knows the
 * addresses.
 */
function addressFile({ addresses }: ServiceSpec): Items {
  if (addresses === undefined) return {};
  const { path } = addresses;
  const want = { type: "file", content: AS_DECLARED, owner: "root", group: "root", mode: "0644" } as const;
  return { [path]: { kind: "file", path, secret: addressReference(addresses), want } };
}

/** Returns the unit file of the service if fleet.yaml declares one, and Muster's drop-in if it is not empty. */
function unitFiles(fleet: Fleet, service: ServiceSpec, { keep }: Compiler): Items {
  const { unit, text } = service;
  const settings = serviceSettings(service, credentialsOf(fleet, service));
  const read = { notify: unit };
  return {
    ...(text !== undefined && { "unit file": { ...unitFile(unit, keep(text)), ...read } }),
    ...(settings !== "" && {
      "Muster's settings": { ...rootFile(settingsFile(unit), keep(settings), "0644"), ...read },
    }),
  };
}

/**
 * Returns the text of Muster's drop-in for the unit of a service. The text contains a condition that prevents a start
 * in quarantine, and the path of the service's credentials. It is empty if the unit needs neither of them.
 */
function serviceSettings(service: ServiceSpec, credentials: readonly CredentialSpec[]): string {
  const { settings = [] } = service;
  const condition = ["ConditionPathExists", `!${quarantineFile(service.unit)}`] as const;
  const folder = credentialsDir(service);
  const files = credentials
    .filter(({ env }) => env !== undefined)
    .map(({ name }): UnitLine => ["EnvironmentFile", join(folder, name)]);
  return renderUnit({
    ...(service.health !== undefined && { Unit: [condition] }),
    ...((credentials.length > 0 || settings.length > 0) && {
      Service: [
        ...(credentials.length > 0 ? environmentLines({ MUSTER_CREDENTIALS: folder }) : []),
        ...files,
        ...settings,
      ],
    }),
  });
}

function policy(service: ServiceSpec, { keep }: Compiler): Items {
  const { name, unit, health, grace, onUnhealthy, restarts, maintenance } = service;
  if (health === undefined) return {};
  const policy: ServicePolicy = { unit, health, grace, onUnhealthy, restarts, maintenance };
  const content = keep(`${JSON.stringify(policy, null, 2)}\n`);
  return { "deadman's policy": rootFile(servicePolicyFile(name), content, "0600") };
}

/**
 * Returns the wanted state of the unit. If neither fleet.yaml nor a declared package provides the unit, the
 * unit existed before the service was declared. Such a unit is kept when the service is removed.
 */
function unitOf({ unit, text, packages, enabled, running }: ServiceSpec): UnitItem {
  const existedBefore = text === undefined && packages.length === 0;
  return {
    kind: "unit",
    name: unit,
    ...(existedBefore && { onRemove: "keep" }),
    want: { enabled, active: running ? "running" : "stopped", overrides: "none" },
  };
}
