import { visible } from "../../base/terminal-text.ts";
import {
  dayBefore,
  fleetDays,
  PHASE_DAYS,
  type PhaseReport,
  type ReportSnapshot,
} from "../report/phase-report.ts";
import { statusText, triggerText } from "./report.ts";

/**
 * The style of the HTML report. It has a light and a dark scheme, and works from a width of 360 pixels. A wide plot has
 * its own scroll bar.
 */
const STYLE = `
:root{--bg:#fff;--fg:#1a1d21;--dim:#5c6570;--line:#d9dee4;--good:#0b6b34;--bad:#a3231c;
--s0:#f5b5ae;--s1:#f7cfa0;--s2:#f3e6a1;--s3:#bfe5c3;--s4:#8fd3a0;--ink:#1a1d21}
@media (prefers-color-scheme:dark){:root{--bg:#14171a;--fg:#e8ebee;--dim:#a0a8b1;--line:#343a41;--good:#6fd493;--bad:#ff9a90;
--s0:#7a2a25;--s1:#74491a;--s2:#665a17;--s3:#1f5a34;--s4:#14753f;--ink:#fff}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem;max-width:80rem;background:var(--bg);color:var(--fg);font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.5rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}
header p{margin:.25rem 0;color:var(--dim)}
header .trigger{font-weight:700;font-size:1.1rem}
.trigger.met,td.met{color:var(--good)}.trigger.unmet,td.unmet{color:var(--bad)}
table{border-collapse:collapse}
.figures{width:100%;max-width:44rem;margin-top:1rem}
.figures th,.figures td{text-align:left;padding:.4rem .5rem;border-bottom:1px solid var(--line);font-weight:400}
.figures td{white-space:nowrap}
@media (max-width:30rem){.figures{font-size:.85rem}.figures th,.figures td{padding:.35rem .25rem}}
.figures thead th{color:var(--dim)}.figures td:last-child{font-weight:700}
.scroll{overflow-x:auto;max-width:100%}
.note{margin:.25rem 0;color:var(--dim);font-size:.85rem}
.plot tbody th{position:sticky;left:0;background:var(--bg);text-align:left;font-weight:400;padding:0 .5rem 0 0;max-width:18rem;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
@media (max-width:60rem){.plot tbody th{max-width:9rem}}
.plot thead th{font-weight:400;font-size:.7rem;color:var(--dim);white-space:nowrap}
.plot .fleet th{font-weight:700}
.plot tbody td{min-width:1.9rem;height:1.6rem;text-align:center;font-size:.7rem;border:1px solid var(--bg);background:var(--line);color:var(--ink)}
.plot td.s0{background:var(--s0)}.plot td.s1{background:var(--s1)}.plot td.s2{background:var(--s2)}.plot td.s3{background:var(--s3)}.plot td.s4{background:var(--s4)}
.bars{display:flex;gap:1px;list-style:none;margin:0;padding:0;height:8rem;max-width:60rem}
.bars li{flex:1;min-width:0;display:flex;flex-direction:column;justify-content:flex-end;text-align:center}
.bars span{background:var(--s0);min-height:1px}.bars b{font-size:.6rem;font-weight:400;color:var(--dim);white-space:nowrap}
`;

/**
 * Renders the phase report as one HTML file. The file contains no script and loads no other file. Its content security
 * policy (CSP) also forbids both.
 */
export function renderReportHtml(report: PhaseReport): string {
  const { snapshot, figures, isReady, missing } = report;
  const rows = figures.map(
    ({ resource, value, target, isMet }) =>
      `<tr><th scope="row">${safe(resource)}</th><td>${safe(value)}</td><td>${safe(target)}</td>` +
      `<td class="${isMet ? "met" : "unmet"}">${statusText(isMet)}</td></tr>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Phase report of ${safe(snapshot.fleet)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>Phase report of ${safe(snapshot.fleet)}</h1>
<p>${safe(snapshot.at)}</p>
<p class="trigger ${isReady ? "met" : "unmet"}">Phase 2 trigger: ${triggerText(report)}</p>
</header>
<main>
<table class="figures">
<thead><tr><th scope="col">Resource</th><th scope="col">Value</th><th scope="col">Target</th><th scope="col">Status</th></tr></thead>
<tbody>${rows.join("\n")}</tbody>
</table>
${missing.length === 0 ? "" : `<h2>What is missing</h2>\n<ul>${missing.map((line) => `<li>${safe(line)}</li>`).join("")}</ul>`}
${plot(snapshot, "uptime", "Uptime")}
${plot(snapshot, "capacity", "Capacity used")}
${driftPlot(snapshot)}
</main>
</body>
</html>
`;
}

/** Plots a percentage per agent and day: one row per agent, one cell per day. */
function plot(snapshot: ReportSnapshot, key: "uptime" | "capacity", title: string): string {
  const { agents = [] } = snapshot;
  if (agents.length === 0) return "";
  const dates = datesOf(snapshot);
  const line = (name: string, values: ReadonlyMap<string, number>, kind: string) => {
    const cells = dates.map((date) => cell(date, values.get(date), key));
    return `<tr class="${kind}"><th scope="row" title="${safe(name)}">${safe(name)}</th>${cells.join("")}</tr>`;
  };
  const all = new Map(fleetDays(snapshot, key).map(({ date, value }) => [date, value]));
  const rows = agents.map(({ agent, days }) =>
    line(agent, new Map(days.map((day) => [day.date, day[key]])), "agent"),
  );
  return `<h2>${title}, per agent and day</h2>
<p class="note">${dates[0]} to ${dates.at(-1)}, in percent; an empty cell has no data.</p>
<div class="scroll" tabindex="0" role="region" aria-label="${title}"><table class="plot">
<thead><tr><td></td>${dates.map((date) => `<th scope="col" title="${date}">${date.slice(8)}</th>`).join("")}</tr></thead>
<tbody>${[line("all agents", all, "fleet"), ...rows].join("\n")}</tbody>
</table></div>`;
}

/** The percentages at which the colour of a cell changes. Uptime below 95 % does not meet the target. */
const STEPS = { uptime: [50, 80, 95, 99], capacity: [15, 30, 60, 80] } as const;

function cell(date: string, value: number | undefined, key: "uptime" | "capacity"): string {
  if (value === undefined) return `<td title="${date}: no data"></td>`;
  const step = STEPS[key].filter((least) => value >= least).length;
  const number = Math.floor(value);
  return `<td class="s${step}" title="${date}: ${number} %">${number}</td>`;
}

function driftPlot(snapshot: ReportSnapshot): string {
  const { drift } = snapshot;
  if (drift === undefined) return "";
  const title = "<h2>Drift, findings per day</h2>";
  if (drift.length === 0)
    return `${title}\n<p class="note">No drift was found in the last ${PHASE_DAYS} days.</p>`;
  const most = Math.max(1, ...drift.map(({ findings }) => findings));
  const byDate = new Map(drift.map(({ date, findings }) => [date, findings]));
  const bars = datesOf(snapshot).map((date) => {
    const findings = byDate.get(date) ?? 0;
    const height = Math.round((100 * findings) / most);
    return `<li title="${date}: ${findings}"><span style="height:${height}%"></span><b>${findings > 0 ? findings : ""}&nbsp;</b></li>`;
  });
  return `${title}\n<p class="note">${datesOf(snapshot)[0]} to ${datesOf(snapshot).at(-1)}.</p>\n<ol class="bars">${bars.join("")}</ol>`;
}

/** Returns the dates of the report, oldest first. */
function datesOf({ at }: ReportSnapshot): string[] {
  return Array.from({ length: PHASE_DAYS }, (_, i) => dayBefore(at, PHASE_DAYS - 1 - i));
}

/** Makes a text safe as the content of an element or attribute. */
function safe(text: string): string {
  return visible(text).replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
