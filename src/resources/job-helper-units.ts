import { RUNTIME_DIR } from "../model/host-paths.ts";
import type { Items } from "../model/items.ts";
import { JOB_FAILED, JOB_REPLACE } from "../model/job.ts";
import { renderUnit, type UnitLine } from "../model/unit-file.ts";
import type { Compiler } from "./definition.ts";
import { unitFile } from "./root-files.ts";

/**
 * The maximum number of failures of a job per hour that are reported and retried. With this limit, a broken job cannot
 * overload its host.
 */
const MOST = 60;

/**
 * Returns the template units that systemd starts as root, when a job has failed or when its previous run must
 * be replaced. The name of the instance identifies the job. The units do not depend on the deadman or on the
 * declaration of a job.
 */
export function jobHandlers({ keep }: Compiler): Items {
  const limit: UnitLine[] = [
    ["StartLimitIntervalSec", "1h"],
    ["StartLimitBurst", String(MOST)],
  ];
  const failed = handlerText("Tells that Muster job %i has failed", limit, "failed");
  const replace = handlerText("Starts Muster job %i anew", [["StartLimitIntervalSec", "0"]], "replace");
  return {
    "what tells of failed jobs": unitFile(`${JOB_FAILED}.service`, keep(failed)),
    "what replaces runs of jobs": unitFile(`${JOB_REPLACE}.service`, keep(replace)),
  };
}

function handlerText(description: string, limit: readonly UnitLine[], verb: string): string {
  return renderUnit({
    Unit: [["Description", description], ...limit],
    Service: [
      ["Type", "oneshot"],
      ["ExecStart", `${RUNTIME_DIR}/run job ${verb} %i`],
      ["TimeoutStartSec", "60"],
    ],
  });
}
