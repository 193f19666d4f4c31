import { describeRealRuntime } from "./support/describe-real-runtime.ts";

await describeRealRuntime({
  runtime: "claude",
  prompt: /^❯/m,
  records: ".claude/projects",
  failsOver: true,
  hasLostTurns: true,
  dialog: { command: "/model", question: /model/i },
});
