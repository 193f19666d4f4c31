import { HOSTD_DIR, RUNTIME_DIR } from "../../../src/model/host-paths.ts";
import type { HostItem, ItemKind } from "../../../src/model/items.ts";
import { type Place, STASH } from "./mutation-forms/form.ts";
import { declaredRows } from "./mutation-forms/rows.ts";

type ScriptByKind = { readonly [K in ItemKind]: (place: Place<Extract<HostItem, { kind: K }>>) => string };

const statOf = (path: string) => `stat -c '%n %F %a %U %G %h' ${path}`;

/** Commands that show, without any code of Muster, that an item is as declared. */
const SCRIPTS: ScriptByKind = {
  file: ({ item }) => `${statOf(item.path)}; sha256sum ${item.path}`,
  directory: ({ item }) => statOf(item.path).replace(" %h", ""),
  rows: (place) => `${statOf(place.item.path)}; ${selectDeclared(place)}`,
  program: ({ item: { name } }) => `command -v ${name}`,
  unit: ({ item: { name } }) =>
    `systemctl is-enabled ${name}; systemctl is-active ${name}; systemctl show -p DropInPaths,NeedDaemonReload ${name}`,
  timer: ({ item: { name, service } }) =>
    `systemctl is-enabled ${name}; systemctl is-active ${name}; systemctl show -p DropInPaths,NeedDaemonReload ${name} ${service}`,
  model: ({ item: { unit } }) => `systemctl show -p Environment ${unit}`,
  user: ({ item: { name } }) => `getent passwd ${name}`,
  group: ({ item: { name } }) => `getent group ${name}`,
  package: ({ item: { name } }) =>
    `dpkg-query --show --showformat='${"$"}{Package} ${"$"}{Status}\\n' ${name}`,
  limits: ({ item: { name } }) =>
    `systemctl show -p MemoryMax,CPUQuotaPerSecUSec,TasksMax,DropInPaths ${name}`,
  controllers: () => "grep cgroup /proc/mounts",
  runtime: () => `cat ${RUNTIME_DIR}/run; ls ${RUNTIME_DIR}`,
};

/** A script that prints the state of all declared items on the host. */
export function factsScript(places: readonly Place[]): string {
  const scripts = places.map((place) => (SCRIPTS[place.item.kind] as (place: Place) => string)(place));
  return `{ ${scripts.join("\n")}\n} 2>&1`;
}

function selectDeclared(place: Place<Extract<HostItem, { kind: "rows" }>>): string {
  const names = declaredRows(place).map((name) => `'${name}'`);
  const { path, table } = place.item;
  const columns = "name, display_name, type, email";
  return `sqlite3 ${path} "SELECT ${columns} FROM ${table} WHERE name IN (${names.join()}) ORDER BY name"`;
}

/**
 * Every entry of the folders that Muster or a person could write to, with its timestamps. What the deadman writes on
 * its own is left out, because no reader causes it.
 */
export const LISTING = `
find /etc /home /root /usr/local /var/lib /var/spool /run/muster /run/systemd/system ${STASH} \
  ! -path ${HOSTD_DIR} ! -path '${HOSTD_DIR}/[mh]*' -printf '%p %i %M %U %G %s %T@ %C@ %l\\n' | sort`;

/** One line per agent's unit: its process and start time. */
export function startsScript(agents: readonly string[]): string {
  const units = agents.map((agent) => `muster-agent-${agent}.service`);
  return `systemctl show -p Id,MainPID,NRestarts,ActiveEnterTimestampMonotonic ${units.join(" ")}`;
}

/** The output of `startsScript`, by agent. */
export function readStarts(text: string): Record<string, string> {
  const blocks = text.split("\n\n").map((block) => block.split("\n").sort().join(" "));
  return Object.fromEntries(
    blocks.map((block) => [/muster-agent-(.+)\.service/.exec(block)?.[1] ?? "", block]),
  );
}
