// With WAIT set it says that the run is under way, and keeps it so.
import { writeFileSync } from "node:fs";
import "@pulumi/pulumi";

if (process.env.WAIT) {
  writeFileSync("waits", "");
  setTimeout(() => {}, 60_000);
}

export const size = 1;
