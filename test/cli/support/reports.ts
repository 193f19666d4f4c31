import { withKind } from "../../../src/cli/observe/finding-kind.ts";
import type { FleetReport } from "../../../src/cli/observe/fleet-report.ts";
import type { Finding } from "../../../src/model/drift-finding.ts";

/** Returns a finding about iris's SOUL.md on hub. `parts` replaces the fields that matter to the test. */
export function finding(parts: Partial<Finding> = {}): Finding {
  return withKind({
    host: "hub",
    tenant: "arc",
    agent: "iris",
    resource: "hub/iris/agent",
    type: "Agent",
    part: "identity",
    item: "SOUL.md",
    property: "content",
    declared: 'line 3: "I am Iris."',
    observed: 'line 3: "I am Spark."',
    cause: "drift",
    ...parts,
  });
}

/** Returns a report of three hosts without findings. `parts` replaces the fields that matter to the test. */
export function reportOf(parts: Partial<FleetReport> = {}): FleetReport {
  return {
    fleet: "arc",
    agents: 5,
    services: 0,
    hosts: ["hub", "east", "west"].map((host) => ({ host, state: "ok" })),
    findings: [],
    recurring: [],
    unknown: [],
    orphans: [],
    unmanaged: [],
    ...parts,
  };
}
