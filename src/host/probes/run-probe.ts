import type { Probe } from "../../model/health-check.ts";
import { reasonOf } from "../system/error-reason.ts";
import { probeCommand } from "./command.ts";
import { probeHttp } from "./http.ts";
import type { ProbeAnswer } from "./probe-answer.ts";
import { probeTcp } from "./tcp.ts";

/** Runs one probe. The promise never rejects: an error is returned as a failed result. */
export async function runProbe(probe: Probe): Promise<ProbeAnswer> {
  try {
    if (probe.kind === "http") return await probeHttp(probe);
    return await (probe.kind === "tcp" ? probeTcp(probe) : probeCommand(probe));
  } catch (error) {
    return { ok: false, detail: reasonOf(error) };
  }
}
