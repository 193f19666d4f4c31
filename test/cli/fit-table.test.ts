import { stripVTControlCharacters } from "node:util";
import stringWidth from "string-width";
import { expect, test } from "vitest";
import type { AgentRow } from "../../src/cli/observe/agents.ts";
import { renderAgents } from "../../src/cli/render/agents.ts";

function row(parts: Partial<AgentRow> = {}): AgentRow {
  return {
    ...{ agent: "iris", tenant: "arc", host: "hub", runtime: "claude", lifecycle: "core", state: "running" },
    ...{ enabled: "enabled", pid: 7, since: 273_600, memory: 190_840_832, process: "claude" },
    ...{ version: "2.1.9", model: "claude-opus-4-8", task: "review the change of the deadman's clock" },
    flags: [],
    ...parts,
  };
}

const report = (...agents: AgentRow[]) => ({ agents, hosts: [], unwatched: [] });

test("the table fits 80 columns, and shortens only the columns that can be shortened", () => {
  const text = renderAgents(
    report(
      row(),
      row({ agent: "a-rather-long-name", host: "a-host-with-a-long-name", flags: ["DRIFT", "BOOT-ENABLE"] }),
    ),
  );
  const lines = text
    .split("\n")
    .filter((line) => /^(AGENT|iris|a-rather)/.test(line) && !line.includes(": "));
  expect(lines).toHaveLength(3);
  for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(80);
  expect(lines[1]).toMatch(/^iris .* running +3d 4h .*…/);
  expect(lines[2]).toMatch(/^a-rather-long-name .* DRIFT BOOT-ENABLE$/);
});

test("a wide terminal shows all columns completely", () => {
  const text = renderAgents(report(row(), row({ tenant: "lab" })), { columns: 200, isColoured: false });
  expect(text).toMatch(
    /^iris +arc +hub +running +3d 4h +182M +claude 2\.1\.9 +claude-opus-4-8 +review the change of the deadman's clock$/m,
  );
  expect(text).not.toContain("…");
});

test("wide characters and control characters keep the columns aligned", () => {
  const text = renderAgents(report(row({ task: "读取".repeat(40) }), row({ task: "\u001b[31mred" })));
  for (const line of text.trimEnd().split("\n")) expect(stringWidth(line)).toBeLessThanOrEqual(80);
  expect(text).not.toContain("\u001b");
});

test("colours are added only where they are allowed, and change no text", () => {
  const rows = report(row(), row({ agent: "loom", state: "failed", flags: ["DEAD"] }));
  const coloured = renderAgents(rows, { columns: 80, isColoured: true });
  expect(coloured).toContain("\u001b[31m");
  expect(stripVTControlCharacters(coloured)).toBe(renderAgents(rows));
});
