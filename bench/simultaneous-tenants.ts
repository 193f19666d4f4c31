import { must, type Project } from "../test/hosts/support/project.ts";
import { inStack, makeTenants, TENANTS, type Tenant } from "../test/hosts/support/tenants.ts";
import { timed } from "./measure.ts";
import { type Runs, summarize } from "./stats.ts";
import { seconds, table } from "./tables.ts";

/** The durations of `up` in milliseconds. Each `up` writes one file for each of the tenant's agents on both hosts. */
export type TenantRuns = Readonly<Record<`${Tenant} ${"alone" | "at once"}`, Runs>>;

/** The maximum ratio of the time of an `up` during another tenant's `up` to the time of a separate `up`. */
export const AT_ONCE_MOST = 1.5;

/** Measures the `up` of two tenants on the same two hosts: first one after the other, and then simultaneously. */
export async function runTenants(rounds: number, log: (line: string) => void): Promise<TenantRuns> {
  log("two hosts and their platform");
  const project = await makeTenants();
  try {
    await must(inStack(project, "test", "up", "--yes", "--skip-preview"));
    const runs = { "north alone": [], "south alone": [], "north at once": [], "south at once": [] } as Record<
      keyof TenantRuns,
      number[]
    >;
    log(`${rounds} rounds`);
    // The first round creates the agents and is not counted.
    for (let round = 0; round <= rounds; round += 1) await runRound(project, round, runs);
    return runs;
  } finally {
    log("destroy");
    for (const tenant of tenants()) await inStack(project, tenant, "destroy", "--yes", "--skip-preview");
    await project.dispose();
  }
}

/** Renders the medians, and the ratio between simultaneous and separate runs. */
export function tenantsTable(runs: TenantRuns): string {
  const rows = tenants().map((tenant) => {
    const [alone, atOnce] = [summarize(runs[`${tenant} alone`]), summarize(runs[`${tenant} at once`])];
    const ratio = (atOnce.median / alone.median).toFixed(2);
    return [tenant, `${alone.runs}`, seconds(alone.median), seconds(atOnce.median), ratio, `${AT_ONCE_MOST}`];
  });
  return table(["up of tenant", "runs", "alone", "at once", "ratio of medians", "at most"], rows);
}

async function runRound(project: Project, round: number, runs: Record<keyof TenantRuns, number[]>) {
  const up = async (tenant: Tenant, how: "alone" | "at once") => {
    const time = await timed({ run: () => must(inStack(project, tenant, "up", "--yes", "--skip-preview")) });
    if (round > 0) runs[`${tenant} ${how}`].push(time);
  };
  change(project, `${round} alone`);
  for (const tenant of tenants()) await up(tenant, "alone");
  change(project, `${round} at once`);
  await Promise.all(tenants().map((tenant) => up(tenant, "at once")));
}

function change(project: Project, text: string): void {
  for (const name of Object.values(TENANTS).flatMap((byHost) => Object.values(byHost))) {
    project.write(`identities/${name}.md`, `# ${name}\n\n${text}\n`);
  }
}

function tenants(): Tenant[] {
  return Object.keys(TENANTS) as Tenant[];
}
