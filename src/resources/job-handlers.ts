import { RUNTIME_DIR } from "../model/host-paths.ts";
import type { Items } from "../model/items.ts";
import { JOB_FAILED, JOB_REPLACE } from "../model/job.ts";
import { renderUnit, type UnitLine } from "../model/unit-file.ts";
import type { Compiler } from "./definition.ts";
import { unitFile } from "./root-files.ts";

/**
 * The maximum number of failures of one job that are reported and retried within an hour, so that a broken
 * job cannot overload its host.
 */
const MOST = 60;

/**
 * Returns the template units that systemd starts, as root, when a job has failed or its previous run must be
 * replaced. The instance name identifies the job. The units depend neither on the deadman nor on how a job is
 * declared.
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
