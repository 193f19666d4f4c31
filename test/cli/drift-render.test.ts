import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import { packageRoot } from "../../src/base/muster-folders.ts";
import { withKind } from "../../src/cli/observe/finding-kind.ts";
import { codesOf, type FleetReport } from "../../src/cli/observe/fleet-report.ts";
import { renderDrift } from "../../src/cli/render/drift.ts";
import { renderDriftJson } from "../../src/cli/render/drift-json.ts";
import { renderMarkdown } from "../../src/cli/render/markdown.ts";
import { finding, reportOf } from "./support/reports.ts";

const clean = reportOf();
const unreachable = {
  host: "west",
  state: "away",
  reason: "it cannot be reached: no route to host.",
  lastReached: "2026-11-23T18:20:45.000Z",
} as const;
const intermittent = { ...unreachable, intermittent: true } as const;
const unknown = {
  host: "east",
  tenant: "arc",
  agent: "loom",
  resource: "east/loom/agent",
  type: "Agent",
  part: "identity",
  item: "SOUL.md",
  reason: "permission denied",
} as const;
const stray = {
  host: "hub",
  agent: "iris",
  user: "iris",
  kind: "cron",
  name: "/opt/x",
  where: "/etc/cron.d/x:1",
} as const;
const everything = reportOf({
  hosts: [{ host: "hub", state: "ok" }, unreachable, { ...intermittent, host: "box" }],
  findings: [finding()],
  unknown: [unknown],
  orphans: [{ host: "hub", resource: "hub/old/agent", owner: "arc/example" }],
  unmanaged: [stray],
});

describe("the text output of `fleet drift`", () => {
  test("is one line if the fleet has no drift", () => {
    expect(renderDrift(clean)).toBe("3 hosts, 5 agents: no drift\n");
  });

  test("lists undeclared programs as a note that does not change the exit code", () => {
    const report = reportOf({
      unmanaged: [stray, { ...stray, agent: undefined, user: "\u001b[2Jarc" } as never],
    });
    expect(renderDrift(report)).toBe(
      [
        "Note: these are not declared, and `up` does not change them (docs/jobs.md):",
        "  hub  iris          cron  /opt/x  /etc/cron.d/x:1",
        "  hub  \\u001b[2Jarc  cron  /opt/x  /etc/cron.d/x:1",
        "",
        "3 hosts, 5 agents: no drift",
        "",
      ].join("\n"),
    );
    expect(codesOf(report)).toEqual([]);
    expect(renderMarkdown(report)).toContain("### Not declared (only a note)");
  });

  test("shows each finding with its subject, its values, its cause and an instruction", () => {
    expect(renderDrift(reportOf({ findings: [finding()] }))).toBe(
      [
        "hub",
        '  iris  SOUL.md  content  declared line 3: "I am Iris."  observed line 3: "I am Spark."  changed on the host',
        "",
        "1 difference on 1 host: `npx pulumi up` repairs it; `npx pulumi preview --diff` shows what `up` would write.",
        "",
      ].join("\n"),
    );
  });

  test("shows a change of fleet.yaml as pending, not as drift", () => {
    const text = renderDrift(reportOf({ findings: [finding({ cause: "intended" })] }));
    expect(text).toContain("fleet.yaml has changed, but the change is not applied yet\n");
    expect(text).toContain("1 pending change in fleet.yaml: `npx pulumi up` applies it");
    expect(text).not.toContain("difference");
  });

  test("marks an undeclared model with RUNTIME, in a unit and in a settings file", () => {
    const model = {
      part: "unit",
      item: "model",
      property: "model",
      declared: "large",
      observed: "tiny",
    } as const;
    const text = renderDrift(reportOf({ findings: [finding(model)] }));
    expect(text).toContain("declared large  observed tiny  changed on the host: RUNTIME\n");
    expect(text).toContain("iris runs on a model or a provider that is not declared");
    const settings = finding({ item: ".hermes/config.yaml" });
    expect(renderDrift(reportOf({ findings: [settings] }))).toContain(": RUNTIME\n");
    const pending = finding({ ...model, cause: "intended" });
    expect(renderDrift(reportOf({ findings: [pending, finding()] }))).not.toContain("RUNTIME");
  });

  test("shows how to release an agent from quarantine, and does not suggest `up`, which cannot release the agent", () => {
    const unit = { part: "unit", item: "unit", property: "active" } as const;
    const refusal = { why: "it is in quarantine.", next: "Run `npx fleet release NAME`." };
    const held = finding({ ...unit, declared: "running", observed: "quarantined", refusal });
    const text = renderDrift(reportOf({ findings: [held] }));
    expect(text).toContain("iris: it is in quarantine. Run `npx fleet release iris`.");
    expect(text).not.toContain("repairs it");
    expect(codesOf(reportOf({ findings: [held] }))).toEqual([7]);
  });

  test("names the owner of a job whose program is missing: the agent or the host", () => {
    const refusal = {
      why: "root finds no program /opt/tidy at /opt/tidy.",
      next: "Install it on the host, or correct `command`, `runtime` or `env.PATH` of the agent.",
    };
    const program = {
      item: "tidy program",
      property: "found",
      declared: true,
      observed: false,
      refusal,
    } as const;
    const { agent: _, tenant: __, ...ofHost } = finding({ ...program, part: "jobs" });
    const text = renderDrift(reportOf({ findings: [finding({ ...program, part: "jobs" }), ofHost] }));
    expect(text).toContain("iris: root finds no program /opt/tidy");
    expect(text).toContain("hub: root finds no program /opt/tidy");
    expect(text).not.toMatch(/AGENT|NAME/);
  });

  test("says that a host does not enforce limits, and does not suggest `up`, which cannot enforce limits", () => {
    const { agent: _, tenant: __, part: ___, ...place } = finding();
    const lacking = {
      type: "Host",
      item: "limits",
      property: "memory",
      declared: "held",
      observed: "missing",
      refusal: { why: "this host does not enforce limits." },
    };
    const text = renderDrift(reportOf({ findings: [{ ...place, ...lacking }] }));
    expect(text).toMatch(/\(host\) +limits +memory +declared held +observed missing/);
    expect(text).toContain("hub: this host does not enforce limits.");
    expect(text).not.toContain("repairs it");
  });

  test("attributes a finding that concerns no agent to the tenant or the host", () => {
    const { agent: _, part: __, ...tenants } = finding();
    const { tenant: ___, ...hosts } = tenants;
    expect(renderDrift(reportOf({ findings: [tenants, hosts] }))).toMatch(/\(tenant arc\).*\n {2}\(host\)/);
  });

  test("shows unreachable hosts, unknown items and undeclared records in addition to the findings", () => {
    const text = renderDrift(everything);
    expect(text).toContain(
      "west is unreachable, last reached 2026-11-23 18:20 UTC: it cannot be reached: no route to host.\n",
    );
    expect(text).toContain("east  loom  SOUL.md  permission denied\n");
    expect(text).toContain("hub  hub/old/agent  owned by arc/example\n");
  });

  test("shows an unreachable intermittent host as a note, and the rest of the fleet as clean", () => {
    const text = renderDrift(reportOf({ hosts: [{ host: "hub", state: "ok" }, intermittent] }));
    expect(text).toMatch(/^Note: west is unreachable, last reached .* so this is not a failure\.$/m);
    expect(text).toMatch(/^2 hosts, 5 agents: no drift in what could be checked\.$/m);
  });

  test("suggests `up` for a host on which nothing is installed yet", () => {
    const text = renderDrift(reportOf({ hosts: [{ host: "hub", state: "empty", reason: "nothing." }] }));
    expect(text).toBe("hub has nothing from this fleet yet: `npx pulumi up` sets it up.\n");
  });

  test("escapes control characters in observed values", () => {
    const hostile = finding({
      observed: "\u001b]0;pwned\u0007\n\u202ehub",
      property: "rows.\u001b[2J.email",
    });
    expect(renderDrift(reportOf({ findings: [hostile] }))).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u);
  });
});

describe("the exit codes of `fleet drift`", () => {
  test.each([
    ["a clean fleet", clean, []],
    ["only changes of fleet.yaml", reportOf({ findings: [finding({ cause: "intended" })] }), []],
    ["drift", reportOf({ findings: [finding()] }), [7]],
    ["a change on the host and in fleet.yaml", reportOf({ findings: [finding({ cause: "both" })] }), [7]],
    ["drift of unknown cause", reportOf({ findings: [finding({ cause: "unknown" })] }), [7]],
    ["an unreachable host", reportOf({ hosts: [unreachable] }), [4]],
    ["an unreachable intermittent host", reportOf({ hosts: [intermittent] }), []],
    ["drift and an unreachable host", reportOf({ hosts: [unreachable], findings: [finding()] }), [7, 4]],
    ["an item that could not be observed", reportOf({ unknown: [unknown] }), [1]],
    ["a host on which nothing is installed", reportOf({ hosts: [{ host: "hub", state: "empty" }] }), [7]],
    ["a host whose runtime fails", reportOf({ hosts: [{ host: "hub", state: "failed" }] }), [1]],
  ])("are correct for %s", (_, report, codes) => {
    expect(codesOf(report)).toEqual(codes);
  });
});

function driftJson(report: FleetReport) {
  const schema = readFileSync(join(packageRoot(), "docs/schema/drift.schema.json"), "utf8");
  const json = JSON.parse(renderDriftJson(report));
  const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
  ajv.validate(JSON.parse(schema), json);
  expect(ajv.errors).toBeNull();
  return json;
}

test("the JSON output of `fleet drift` is valid against its schema", () => {
  const json = driftJson(everything);
  expect(json).toMatchObject({ version: 1, exit: 1, codes: [1, 7, 4], findings: [finding()] });
  expect(json.findings[0]).not.toHaveProperty("kind");
});

describe("the kind of a finding", () => {
  const unit = { part: "unit", item: "unit", property: "enabled" } as const;
  const disabled = { ...unit, declared: "enabled", observed: "disabled" } as const;
  const model = {
    part: "unit",
    item: "model",
    property: "model",
    declared: "large",
    observed: "tiny",
  } as const;
  const settings = { item: ".hermes/config.yaml" };
  const { agent: _, tenant: __, part: ___, ...place } = finding();
  const service = { ...place, ...disabled, type: "Service", service: "cache", part: undefined } as never;

  test.each([
    ["a unit that is not enabled", finding(disabled), "BOOT-ENABLE"],
    ["a service that is not enabled", withKind(service), "BOOT-ENABLE"],
    ["a model that is not declared", finding(model), "RUNTIME"],
    ["a changed settings file of a runtime", finding(settings), "RUNTIME"],
  ])("is the same in text, JSON and Markdown for %s", (_, found, kind) => {
    const report = reportOf({ findings: [found] });
    expect(renderDrift(report)).toMatch(new RegExp(`changed on the host: ${kind}$`, "m"));
    expect(driftJson(report).findings[0].kind).toBe(kind);
    expect(renderMarkdown(report)).toContain(`| changed on the host: ${kind} |`);
  });

  test.each([
    ["another file", finding()],
    ["a change of fleet.yaml that is not applied yet", finding({ ...model, cause: "intended" })],
    [
      "a unit that fleet.yaml wants disabled",
      finding({ ...unit, declared: "disabled", observed: "enabled" }),
    ],
  ])("is absent for %s", (_, found) => {
    const report = reportOf({ findings: [found] });
    const all = [renderDrift(report), renderDriftJson(report), renderMarkdown(report)].join("");
    expect(all).not.toMatch(/RUNTIME|BOOT-ENABLE|"kind"/);
  });
});

describe("the Markdown output of `fleet drift`", () => {
  test("contains a table with one row per finding, and shows all other results as lists", () => {
    const text = renderMarkdown(everything);
    expect(text).toContain("| <code>hub</code> | <code>iris</code> | <code>SOUL&#46;md</code> |");
    expect(text).toContain("### Hosts that did not answer\n\n- <code>west</code> unreachable: ");
    expect(text).toContain("### No longer in fleet.yaml\n\n- <code>hub&#47;old&#47;agent</code>");
  });

  test("does not call a host clean if the host could not be checked", () => {
    expect(renderMarkdown(clean)).toContain("\n3 hosts, 5 agents: no drift found.\n");
    const text = renderMarkdown(reportOf({ hosts: [{ host: "hub", state: "ok" }, unreachable] }));
    expect(text).toContain("No drift found on 1 of 2 hosts; the others did not answer.");
  });

  test("escapes observed values, so that a host can add no link, mention, image, column or row", () => {
    const observed = "|\n| ![x](http://evil) @all `</code><img src=x> www.evil.example";
    const text = renderMarkdown(reportOf({ findings: [finding({ observed })] }));
    const row = text.split("\n").find((line) => line.includes("SOUL")) ?? "";
    expect(row.split("|")).toHaveLength(9);
    expect(row.replaceAll(/<\/?code>|&#\d+;/g, "")).not.toMatch(/[@![\]()<>`]|:\/\/|www\./);
  });

  test("is below the size limit of each forge, even for very long reports", () => {
    const wide = "|".repeat(5000);
    const found = finding({ item: wide, observed: wide, lines: Array(30).fill(`+${"`".repeat(500)}`) });
    const report = reportOf({
      fleet: "arc",
      hosts: Array(500).fill({ ...unreachable, reason: wide }),
      findings: Array(3000).fill(found),
      unknown: Array(500).fill({ ...unknown, reason: wide }),
      orphans: Array(500).fill({ host: "hub", resource: wide, owner: wide }),
      change: {
        resources: Array(500).fill({
          ...found,
          action: "update",
          restarts: true,
          restart: "now",
          properties: [{ ...found, before: wide, after: wide }],
        }),
        hosts: Array(500).fill({ host: "hub", field: wide, before: wide, after: wide }),
      },
    });
    const text = renderMarkdown(report);
    expect(text.length).toBeLessThan(65_000);
    expect(text).toMatch(/… and \d+ more\./);
  });
});
