import { describeRealRuntime } from "./support/describe-real-runtime.ts";

await describeRealRuntime({
  runtime: "codex",
  path: "/v1",
  prompt: /^› Ask Codex/m,
  records: ".codex/sessions",
  failsOver: true,
  dialog: { command: "/model", question: /model/i },
});
