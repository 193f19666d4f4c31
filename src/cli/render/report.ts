import { visible } from "../../base/terminal-text.ts";
import { byPriority } from "../exit.ts";
import type { PhaseFigure, PhaseReport } from "../report/phase-report.ts";
import { table } from "./table.ts";
import { safeJson } from "./text.ts";

const COLUMNS = ["Resource", "Value", "Target", "Status"];

/** Renders the phase report as a table with sentences. */
export function renderReport(report: PhaseReport): string {
  const { snapshot, figures, missing } = report;
  const lines = missing.map((line) => `- ${visible(line)}\n`);
  return [
    `Phase report of ${visible(snapshot.fleet)}, ${snapshot.at}\n\n`,
    table([COLUMNS, ...figures.map(cells)]),
    `\nPhase 2 trigger: ${triggerText(report)}\n`,
    ...(lines.length > 0 ? ["\nWhat is missing:\n", ...lines] : []),
  ].join("");
}

/** Renders the phase report as Markdown. */
export function renderReportMarkdown(report: PhaseReport): string {
  const { snapshot, figures, missing } = report;
  const row = (texts: readonly string[]) => `| ${texts.join(" | ")} |`;
  const safe = (text: string) => visible(text).replace(/[<>|[\]\\]/g, (char) => `\\${char}`);
  return [
    `# Phase report of ${safe(snapshot.fleet)}`,
    "",
    snapshot.at,
    "",
    row(COLUMNS),
    row(COLUMNS.map(() => "---")),
    ...figures.map((figure) => row(cells(figure))),
    "",
    `**Phase 2 trigger: ${triggerText(report)}**`,
    ...(missing.length > 0
      ? ["", "## What is missing", "", ...missing.map((line) => `- ${safe(line)}`)]
      : []),
    "",
  ].join("\n");
}

/** Renders the phase report as JSON, as described in docs/schema/report.schema.json. */
export function renderReportJson(report: PhaseReport, codes: readonly number[]): string {
  const ordered = byPriority(codes);
  const { snapshot, figures, missing } = report;
  return safeJson({
    ...{ version: 1, exit: ordered[0], codes: ordered, fleet: snapshot.fleet, at: snapshot.at },
    figures: figures.map(({ isMet, ...figure }) => ({ ...figure, status: statusText(isMet) })),
    ...{ trigger: triggerText(report), missing, snapshot },
  });
}

export function triggerText({ isReady }: PhaseReport): "READY" | "NOT READY" {
  return isReady ? "READY" : "NOT READY";
}

export function statusText(isMet: boolean): "MET" | "NOT MET" {
  return isMet ? "MET" : "NOT MET";
}

function cells({ resource, value, target, isMet }: PhaseFigure): string[] {
  return [resource, value, target, statusText(isMet)];
}
