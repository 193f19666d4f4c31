import { jobItems } from "../job-items.ts";
import type { AgentPartDefinition } from "./part.ts";

/** All jobs of an agent. The jobs are applied together, so that systemd reloads its unit files only once. */
export const jobsPart: AgentPartDefinition = {
  part: "jobs",
  build: (fleet, compiler) => (agent) => {
    const own = Object.values(fleet.jobs).filter((job) => job.agent === agent.name);
    return jobItems(fleet, own, compiler);
  },
};
