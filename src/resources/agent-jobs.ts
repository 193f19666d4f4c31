import type { ResourceDefinition } from "./definition.ts";
import { agentId } from "./ids.ts";
import { jobItems } from "./job-items.ts";
import { ofAgents } from "./of-agents.ts";

/** All jobs of an agent in one resource, so that systemd reads its files once for all of them. */
export const agentJobs: ResourceDefinition = {
  type: "AgentJobs",
  declare: (fleet, compiler) =>
    ofAgents(fleet, "AgentJobs", "jobs", (agent) => {
      const jobs = Object.values(fleet.jobs).filter((job) => job.agent === agent.name);
      if (jobs.length === 0) return undefined;
      return {
        // What a run finds when its time comes.
        needs: [
          agentId(agent, "identity"),
          agentId(agent, "contacts"),
          ...(agent.credentials.length > 0 ? [agentId(agent, "credentials")] : []),
        ],
        items: jobItems(fleet, jobs, compiler),
      };
    }),
};
