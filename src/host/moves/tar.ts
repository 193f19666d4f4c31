import type { ChildProcess } from "node:child_process";

/** How a tar ended. */
export interface TarEnd {
  readonly code: number | null;
  /** The last lines that it said. */
  readonly said: string;
}

/** Characters of what it says that are kept. */
const KEPT = 2000;

/** Resolves when it has ended, also where it could not be started. */
export function endOf(tar: ChildProcess): Promise<TarEnd> {
  let said = "";
  tar.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-KEPT);
  });
  const lines = () => said.trim().split("\n").slice(-3).join("; ");
  return new Promise((resolve) => {
    tar.once("error", (error) => resolve({ code: null, said: error.message }));
    tar.once("close", (code) => resolve({ code, said: lines() || `tar ended with ${code}` }));
  });
}
