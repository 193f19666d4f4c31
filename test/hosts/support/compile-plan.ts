import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { loadFleet } from "../../../src/config/load-fleet.ts";
import type { Plan } from "../../../src/model/declaration.ts";
import { compilePlan } from "../../../src/resources/index.ts";

/** Compiles the plan for a fleet's files, with a made-up runtime. */
export function planOf(files: Readonly<Record<string, string>>): Plan {
  const dir = mkdtempSync(join(tmpdir(), "muster-plan-"));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  const plan = compilePlan(loadFleet(join(dir, "fleet.yaml")), { bundle: "any", node: "any" });
  rmSync(dir, { recursive: true });
  return plan;
}
