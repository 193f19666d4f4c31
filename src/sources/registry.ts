import type { SourceName } from "../model/installation.ts";
import { npm } from "./npm.ts";
import { pypi } from "./pypi.ts";
import type { Source } from "./source.ts";
import { tarball } from "./tarball.ts";

const ALL: Readonly<Record<SourceName, Source>> = { npm, pypi, tarball };

export function sourceOf(name: SourceName): Source {
  return ALL[name];
}
