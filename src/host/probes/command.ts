import type { CommandProbe } from "../../model/health-check.ts";
import { ENVIRONMENT } from "../system/run-program.ts";
import { noAnswer, type ProbeAnswer } from "./probe-answer.ts";

/** The limits of a probe, which must never use more resources than the service that it checks. */
const BOUNDS = [
  "TasksMax=64",
  "MemoryMax=256M",
  "NoNewPrivileges=yes",
  "ProtectSystem=strict",
  "PrivateTmp=yes",
];

/** Seconds in which systemd can end the probe and report the result. */
const GRACE = 5;

/** Runs a program as its user in a separate unit, so that systemd also ends its child processes. */
export function probeCommand({ command, user, timeout }: CommandProbe): Promise<ProbeAnswer> {
  const { execFile } = process.getBuiltinModule("node:child_process");
  const { promise, resolve } = Promise.withResolvers<ProbeAnswer>();
  const properties = [`User=${user}`, `RuntimeMaxSec=${timeout}`, ...BOUNDS, ...SILENT];
  const args = ["--quiet", "--wait", "--collect", ...properties.map((one) => `--property=${one}`)];
  const options = { env: ENVIRONMENT, timeout: (timeout + GRACE) * 1000 };
  const started = process.hrtime.bigint();
  const child = execFile("systemd-run", [...args, "--", ...command], options, (error, _, stderr) => {
    const seconds = Number(process.hrtime.bigint() - started) / 1e9;
    if (error === null) resolve({ ok: true, detail: "it exits with 0" });
    else if (seconds >= timeout) resolve(noAnswer(timeout));
    else resolve({ ok: false, detail: stderr.trim() || `it exits with ${child.exitCode ?? error.message}` });
  });
  return promise;
}

const SILENT = ["StandardOutput=null", "StandardError=null"];
