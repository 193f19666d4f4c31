import { hostId, hostJobsId } from "../model/resource-id.ts";
import type { ResourceDefinition } from "./definition.ts";
import { jobItems } from "./job-items.ts";

/** All jobs of a host that belong to no agent, as one resource of the platform's stack. */
export const hostJobs: ResourceDefinition = {
  type: "HostJobs",
  declare: (fleet, compiler) =>
    Object.values(fleet.hosts).flatMap(({ name, formerly }) => {
      const jobs = Object.values(fleet.jobs).filter((job) => job.agent === undefined && job.host === name);
      if (jobs.length === 0) return [];
      return [
        {
          type: "HostJobs",
          id: hostJobsId(name),
          host: name,
          needs: [hostId(name)],
          formerly: formerly.map(hostJobsId),
          protect: false,
          items: jobItems(fleet, jobs, compiler),
        },
      ];
    }),
};
