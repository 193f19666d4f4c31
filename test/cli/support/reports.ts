import { withKind } from "../../../src/cli/observe/finding-kind.ts";
import type { FleetReport } from "../../../src/cli/observe/fleet-report.ts";
import type { Finding } from "../../../src/model/finding.ts";

/** Iris's SOUL.md, overwritten on hub, with the kind that it has; name what matters to the test. */
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

/** Three hosts that answered and have nothing to tell; name what matters to the test. */
export function reportOf(parts: Partial<FleetReport> = {}): FleetReport {
  return {
    fleet: "arc",
    agents: 5,
    services: 0,
    hosts: ["hub", "east", "west"].map((host) => ({ host, state: "ok" })),
    findings: [],
    unknown: [],
    orphans: [],
    unmanaged: [],
    ...parts,
  };
}
