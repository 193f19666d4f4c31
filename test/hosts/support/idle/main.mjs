// If WAIT is set, writes a file to show that the run has started, and keeps the run active for a minute.
import { writeFileSync } from "node:fs";
import "@pulumi/pulumi";

if (process.env.WAIT) {
  writeFileSync("waits", "");
  setTimeout(() => {}, 60_000);
}

export const size = 1;
