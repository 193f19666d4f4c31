import { describeRealRuntime } from "./support/describe-real-runtime.ts";

await describeRealRuntime({
  runtime: "codex",
  prompt: /^› Ask Codex/m,
  records: ".codex/sessions",
  failsOver: true,
  hasLostTurns: true,
  dialog: { command: "/model", question: /model/i },
});
