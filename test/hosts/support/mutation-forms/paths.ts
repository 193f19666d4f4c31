import { basename } from "node:path";
import type { DirectoryItem, FileItem, RowsItem } from "../../../../src/model/items.ts";
import { differingNames, type Form, others, type Place, STASH } from "./form.ts";

type PathItem = FileItem | DirectoryItem | RowsItem;

/** Returns the forms that change a file in every way that a person or an agent could use. */
export function fileForms(place: Place<FileItem>): Form[] {
  const { path, want } = place.item;
  const plain = { owner: "root", group: "root", mode: "0606" };
  return [
    { name: "edited", script: `echo '# changed' >>${path}`, properties: ["content"] },
    { name: "emptied", script: `: >${path}`, properties: ["content"] },
    {
      name: "replaced by another",
      script: `echo other >${STASH}/new; chmod ${plain.mode} ${STASH}/new; mv ${STASH}/new ${path}`,
      properties: ["content", ...differingNames(want, plain)],
    },
    ...attributeForms(place),
    ...replacedForms(place),
  ];
}

export function directoryForms(place: Place<DirectoryItem>): Form[] {
  const { path } = place.item;
  const gone = { properties: ["type"], also: lostWith(place) };
  return [
    ...attributeForms(place),
    { name: "deleted", script: `rm -rf ${path}`, ...gone },
    ...(isAgents(place) ? [] : [{ name: "a symlink", script: asSymlink(path), ...gone }]),
    { name: "a file", script: `rm -rf ${path}; echo file >${path}`, ...gone },
  ];
}

/** Returns the forms that change the mode, owner or group. */
export function attributeForms({ item: { path } }: Place<PathItem>): Form[] {
  return [
    { name: "mode", script: `chmod 0607 ${path}`, properties: ["mode"] },
    { name: "owner", script: `chown nobody ${path}`, properties: ["owner"] },
    { name: "group", script: `chgrp nogroup ${path}`, properties: ["group"] },
  ];
}

/** Returns the forms that delete a file, or that replace the file by another kind of entry. */
export function replacedForms(place: Place<FileItem | RowsItem>): Form[] {
  const { path } = place.item;
  const gone = { properties: ["type"], also: lostWith(place) };
  const link = `${STASH}/${flat(path)}-link`;
  return [
    { name: "deleted", script: `rm ${path}`, ...gone },
    { name: "a folder", script: `rm ${path}; mkdir ${path}; echo x >${path}/inside`, ...gone },
    { name: "a fifo", script: `rm ${path}; mkfifo ${path}`, ...gone },
    ...(isAgents(place)
      ? []
      : [
          { name: "a symlink", script: asSymlink(path), ...gone },
          { name: "a symlink to /dev/null", script: `ln -sf /dev/null ${path}`, ...gone },
          { name: "a hard link", script: `ln ${path} ${link}`, properties: ["type"] },
        ]),
  ];
}

/** Returns whether a place belongs to an agent. `up` replaces no link there; see links-and-kept-files.test.ts. */
function isAgents({ item }: Place<PathItem>): boolean {
  return item.kind === "directory" ? (item.onRemove ?? "delete") !== "delete" || !!item.actor : !!item.actor;
}

/**
 * Returns a script that moves the file and leaves a symlink to it. If root followed the symlink, an agent could
 * redirect root's writes.
 */
function asSymlink(path: string): string {
  const elsewhere = `${STASH}/${flat(path)}`;
  return `mv ${path} ${elsewhere}; ln -s ${elsewhere} ${path}`;
}

/** Returns the differences of items that disappear with an item: everything in a folder, or the unit of a unit file. */
function lostWith(place: Place<PathItem>): string[] {
  const { path } = place.item;
  return others(place, ({ item }) => {
    if ("path" in item) return item.path.startsWith(`${path}/`) ? "type" : undefined;
    return item.kind === "unit" && item.name === basename(path) ? "enabled" : undefined;
  });
}

function flat(path: string): string {
  return path.slice(1).replaceAll("/", "~");
}
