import { mkdirSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import type { CommitAnswer, CommitRequest } from "../../model/protocol.ts";
import type { Host } from "../context.ts";
import { archivePath, sessionFolder } from "../installations/archives.ts";
import { hasPack, packPath } from "./checkout-state.ts";

/** Stores the objects of a commit that the session has supplied. @returns whether the host has the objects */
export function storeCommit(host: Host, { revision, integrity }: CommitRequest): CommitAnswer {
  const path = packPath(host, revision);
  if (integrity !== undefined) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    renameSync(archivePath(sessionFolder(host, process.pid), integrity), path);
  }
  return { isStored: hasPack(host, revision) };
}
