import type { Probe } from "../../model/health.ts";
import { reasonOf } from "../reason.ts";
import type { Answer } from "./answer.ts";
import { probeCommand } from "./command.ts";
import { probeHttp } from "./http.ts";
import { probeTcp } from "./tcp.ts";

/** Asks once, and always answers: what goes wrong is an answer too. */
export async function ask(probe: Probe): Promise<Answer> {
  try {
    if (probe.kind === "http") return await probeHttp(probe);
    return await (probe.kind === "tcp" ? probeTcp(probe) : probeCommand(probe));
  } catch (error) {
    return { ok: false, detail: reasonOf(error) };
  }
}
