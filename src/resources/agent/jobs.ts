import { jobItems } from "../job-items.ts";
import type { AgentPartDefinition } from "./part.ts";

/** All jobs of an agent, so that systemd reads its files once for all of them. */
export const jobsPart: AgentPartDefinition = {
  part: "jobs",
  build: (fleet, compiler) => (agent) => {
    const own = Object.values(fleet.jobs).filter((job) => job.agent === agent.name);
    return jobItems(fleet, own, compiler);
  },
};
