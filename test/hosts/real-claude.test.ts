import { describeRealRuntime } from "./support/describe-real-runtime.ts";

await describeRealRuntime({
  runtime: "claude",
  path: "",
  prompt: /^❯/m,
  records: ".claude/projects",
  failsOver: true,
  dialog: { command: "/model", question: /model/i },
});
