import type { Case } from "./case.ts";

/** Cases in which fleet.yaml refers to a file that cannot be used. */
// biome-ignore format: one line a case
export const FILES: readonly Case[] = [
  ["a missing file", "iris: {soul: SOUL.md}", "iris: {soul: nowhere.md}", "12:16 identities.iris.soul: \"nowhere.md\" does not exist"],
  ["a file above the folder", "iris: {soul: SOUL.md}", "iris: {soul: ../SOUL.md}", "12:16 identities.iris.soul: \"../SOUL.md\" leads out of the folder of fleet.yaml"],
  ["an absolute path", "iris: {soul: SOUL.md}", "iris: {soul: /etc/passwd}", "12:16 identities.iris.soul: \"/etc/passwd\" must be relative to the folder of fleet.yaml"],
  ["a folder", "iris: {soul: SOUL.md}", "iris: {soul: folder}", "12:16 identities.iris.soul: \"folder\" is not a regular file"],
  ["a symlink that leads out of the folder", "iris: {soul: SOUL.md}", "iris: {soul: link.md}", "12:16 identities.iris.soul: \"link.md\" leads out of the folder of fleet.yaml by a symlink"],
  ["the folder itself", "iris: {soul: SOUL.md}", "iris: {soul: .}", "12:16 identities.iris.soul: \".\" leads out of the folder of fleet.yaml"],
  ["a binary file", "iris: {soul: SOUL.md}", "iris: {soul: binary}", "12:16 identities.iris.soul: \"binary\" is not UTF-8 text: save it as UTF-8"],
  ["a file below another file", "iris: {soul: SOUL.md}", "iris: {soul: SOUL.md, files: {a: {text: a}, a/b: {text: b}}}", "12:47 identities.iris.files[\"a/b\"]: \"a\" is declared as a file, so it cannot also be a folder"],
  ["a missing contacts file", "  iris: {type: agent}\n  loom: {type: agent}", "  from: nowhere.yaml", "15:9 contacts.from: \"nowhere.yaml\" does not exist"],
  ["a contacts file above the folder", "  iris: {type: agent}\n  loom: {type: agent}", "  from: ../c.yaml", "15:9 contacts.from: \"../c.yaml\" leads out of the folder of fleet.yaml"],
];
