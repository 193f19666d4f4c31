import type { Check } from "../../base/doctor-check.ts";
import { visible } from "../../base/terminal-text.ts";

/** Renders one line for each check. If a check has found a problem, the command that fixes it is on the next line. */
export function renderChecks(checks: readonly Check[]): string {
  const width = Math.max(...checks.map((check) => check.name.length));
  return checks
    .map(({ name, ok, detail, fix }) => {
      const line = `${wordFor(ok).padEnd(4)}  ${name.padEnd(width)}  ${visible(detail)}\n`;
      return fix === undefined ? line : `${line}${" ".repeat(width + 8)}${visible(fix)}\n`;
    })
    .join("");
}

function wordFor(ok: Check["ok"]): string {
  if (ok === "warn") return "warn";
  return ok ? "ok" : "fail";
}
