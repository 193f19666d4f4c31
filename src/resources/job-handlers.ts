import { RUNTIME_DIR } from "../model/host-paths.ts";
import type { Items } from "../model/items.ts";
import { JOB_FAILED, JOB_REPLACE } from "../model/job.ts";
import type { Compiler } from "./definition.ts";
import { unitFile } from "./root-files.ts";
import { type Line, renderUnit } from "./unit-syntax.ts";

/** Failures of one job within an hour that are told and tried again; who fails more often keeps the host from its work. */
const MOST = 60;

/**
 * What systemd itself starts for jobs, as root, whatever became of the job or of the deadman: templates whose instance
 * is a job. Nothing of theirs is a job's to say.
 */
export function jobHandlers({ keep }: Compiler): Items {
  const limit: Line[] = [
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

function handlerText(description: string, limit: readonly Line[], verb: string): string {
  return renderUnit({
    Unit: [["Description", description], ...limit],
    Service: [
      ["Type", "oneshot"],
      ["ExecStart", `${RUNTIME_DIR}/run job ${verb} %i`],
      ["TimeoutStartSec", "60"],
    ],
  });
}
