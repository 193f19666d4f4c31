import { HOSTD_DIR, INSTALLATIONS_DIR, RUNTIME_DIR } from "../../../src/model/host-paths.ts";
import type { HostItem, ItemKind } from "../../../src/model/items.ts";
import { type Place, STASH } from "./mutation-forms/form.ts";
import { declaredRows } from "./mutation-forms/rows.ts";

type ScriptByKind = { readonly [K in ItemKind]: (place: Place<Extract<HostItem, { kind: K }>>) => string };

const statOf = (path: string) => `stat -c '%n %F %a %U %G %h' ${path}`;

/** Commands that print an item's actual properties without using Muster's code. */
const SCRIPTS: ScriptByKind = {
  file: ({ item }) => `${statOf(item.path)}; sha256sum ${item.path}`,
  copy: ({ item: { from, to } }) => `ls -lR ${from} ${to}`,
  checkout: ({ item: { folder } }) => `git -C ${folder} -c safe.directory=* status --porcelain=2 --branch`,
  directory: ({ item }) => statOf(item.path).replace(" %h", ""),
  rows: (place) => `${statOf(place.item.path)}; ${selectDeclared(place)}`,
  program: ({ item: { name } }) => `command -v ${name}`,
  unit: ({ item: { name } }) =>
    `systemctl is-enabled ${name}; systemctl is-active ${name}; systemctl show -p DropInPaths,NeedDaemonReload ${name}`,
  timer: ({ item: { name, service } }) =>
    `systemctl is-enabled ${name}; systemctl is-active ${name}; systemctl show -p DropInPaths,NeedDaemonReload ${name} ${service}`,
  model: ({ item: { unit } }) => `systemctl show -p Environment ${unit}`,
  running: ({ item: { unit } }) => `systemctl show -p Environment,ExecStart ${unit}`,
  installation: ({ item: { name } }) => `ls -lR ${INSTALLATIONS_DIR}/${name}`,
  user: ({ item: { name } }) => `getent passwd ${name}`,
  rights: ({ item: { user } }) => `sudo -l -U ${user}; ls /var/lib/systemd/linger`,
  group: ({ item: { name } }) => `getent group ${name}`,
  package: ({ item: { name } }) =>
    `dpkg-query --show --showformat='${"$"}{Package} ${"$"}{Status}\\n' ${name}`,
  limits: ({ item: { name } }) =>
    `systemctl show -p MemoryMax,CPUQuotaPerSecUSec,TasksMax,DropInPaths ${name}`,
  controllers: () => "grep cgroup /proc/mounts",
  runtime: () => `cat ${RUNTIME_DIR}/run; ls ${RUNTIME_DIR}`,
};

/** Returns a script that prints the actual properties of all declared items on the host. */
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
 * A script that lists every entry, with its timestamps, in the folders to which Muster or a person could write. The
 * files that the deadman writes on its own are left out, because a command that only reads does not cause these writes.
 * Node's cache of compiled programs is left out too.
 */
export const LISTING = `
find /etc /home /root /usr/local /var/lib /var/spool /run/muster /run/systemd/system ${STASH} \
  ! -path ${HOSTD_DIR} ! -path '${HOSTD_DIR}/[fmhu]*' \
  ! -path '${RUNTIME_DIR}/bundle-*/compiled*' -printf '%p %i %M %U %G %s %T@ %C@ %l\\n' | sort`;

/** Returns a script that prints the process and the start time of each agent's unit. */
export function startsScript(agents: readonly string[]): string {
  const units = agents.map((agent) => `muster-agent-${agent}.service`);
  return `systemctl show -p Id,MainPID,NRestarts,ActiveEnterTimestampMonotonic ${units.join(" ")}`;
}

/** Splits the output of `startsScript` by agent. */
export function readStarts(text: string): Record<string, string> {
  const blocks = text.split("\n\n").map((block) => block.split("\n").sort().join(" "));
  return Object.fromEntries(
    blocks.map((block) => [/muster-agent-(.+)\.service/.exec(block)?.[1] ?? "", block]),
  );
}
