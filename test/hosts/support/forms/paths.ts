import { basename } from "node:path";
import type { DirectoryItem, FileItem, RowsItem } from "../../../../src/model/items.ts";
import { type Form, others, type Place, STASH, unlike } from "./form.ts";

type Thing = FileItem | DirectoryItem | RowsItem;

/** A file spoiled in every way that a person or an agent could think of. */
export function fileForms(place: Place<FileItem>): Form[] {
  const { path, want } = place.item;
  const plain = { owner: "root", group: "root", mode: "0606" };
  return [
    { name: "edited", script: `echo '# changed' >>${path}`, tells: ["content"] },
    { name: "emptied", script: `: >${path}`, tells: ["content"] },
    {
      name: "replaced by another",
      script: `echo other >${STASH}/new; chmod ${plain.mode} ${STASH}/new; mv ${STASH}/new ${path}`,
      tells: ["content", ...unlike(want, plain)],
    },
    ...standingForms(place),
    ...otherThingForms(place),
  ];
}

export function directoryForms(place: Place<DirectoryItem>): Form[] {
  const { path } = place.item;
  const gone = { tells: ["type"], also: lostWith(place) };
  return [
    ...standingForms(place),
    { name: "deleted", script: `rm -rf ${path}`, ...gone },
    { name: "a symlink", script: asSymlink(path), ...gone },
    { name: "a file", script: `rm -rf ${path}; echo file >${path}`, ...gone },
  ];
}

/** Mode, owner and group. */
export function standingForms({ item: { path } }: Place<Thing>): Form[] {
  return [
    { name: "mode", script: `chmod 0607 ${path}`, tells: ["mode"] },
    { name: "owner", script: `chown nobody ${path}`, tells: ["owner"] },
    { name: "group", script: `chgrp nogroup ${path}`, tells: ["group"] },
  ];
}

/** Something else in a file's place. */
export function otherThingForms(place: Place<FileItem | RowsItem>): Form[] {
  const { path } = place.item;
  const gone = { tells: ["type"], also: lostWith(place) };
  const link = `${STASH}/${flat(path)}-link`;
  return [
    { name: "deleted", script: `rm ${path}`, ...gone },
    { name: "a symlink", script: asSymlink(path), ...gone },
    { name: "a symlink to /dev/null", script: `ln -sf /dev/null ${path}`, ...gone },
    { name: "a folder", script: `rm ${path}; mkdir ${path}; echo x >${path}/inside`, ...gone },
    { name: "a fifo", script: `rm ${path}; mkfifo ${path}`, ...gone },
    { name: "a hard link", script: `ln ${path} ${link}`, tells: ["type"] },
  ];
}

/** The same bytes elsewhere, with a symlink to them: what root would follow to the agent's liking. */
function asSymlink(path: string): string {
  const elsewhere = `${STASH}/${flat(path)}`;
  return `mv ${path} ${elsewhere}; ln -s ${elsewhere} ${path}`;
}

/** What is gone together with a thing: all below a folder, and what systemd knows of a unit's file. */
function lostWith(place: Place<Thing>): string[] {
  const { path } = place.item;
  return others(place, ({ item }) => {
    if ("path" in item) return item.path.startsWith(`${path}/`) ? "type" : undefined;
    return item.kind === "unit" && item.name === basename(path) ? "enabled" : undefined;
  });
}

function flat(path: string): string {
  return path.slice(1).replaceAll("/", "~");
}
