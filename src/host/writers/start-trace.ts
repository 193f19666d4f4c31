import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Host } from "../context.ts";
import { ENVIRONMENT } from "../system/run-program.ts";
import { recorderFolder } from "./recorded-writers.ts";

/**
 * Starts fatrace, which receives the events of the file system with /home from the kernel. It uses fanotify, and no
 * permission events, so it can delay no program. grep passes on only the events of the given files.
 *
 * @param onLine called with each line of fatrace
 * @param onEnd called with the reason if fatrace ends, or cannot watch the file system
 * @returns a function that stops both programs
 */
export function startTrace(
  host: Host,
  files: readonly string[],
  onLine: (line: string) => void,
  onEnd: (why: string) => void,
): () => void {
  const folder = recorderFolder(host);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(`${folder}/files`, `${files.join("\n")}\n`);
  const tracer = spawn("fatrace", ["--current-mount", "--filter=W", "-tt"], {
    cwd: "/home",
    env: ENVIRONMENT,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const filter = spawn("grep", ["--line-buffered", "--fixed-strings", `--file=${folder}/files`], {
    env: ENVIRONMENT,
    stdio: [tracer.stdout, "pipe", "ignore"],
  });
  let isStopped = false;
  let error = "";
  const end = (why: string) => {
    if (isStopped) return;
    stop();
    onEnd(why.trim().split("\n").at(-1) ?? "");
  };
  const stop = () => {
    isStopped = true;
    tracer.kill();
    filter.kill();
  };
  tracer.stderr.setEncoding("utf8").on("data", (text: string) => {
    error = `${error}${text}`.slice(-1000);
    // fatrace keeps running even if it can watch nothing.
    if (/Failed to add watch/.test(error)) end(error);
  });
  tracer.on("error", ({ message }) => end(`fatrace: ${message}`));
  tracer.on("close", (code) => end(error || `fatrace has ended with ${code}`));
  filter.on("error", ({ message }) => end(`grep: ${message}`));
  createInterface({ input: filter.stdout }).on("line", onLine);
  return stop;
}
