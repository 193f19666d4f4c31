import { describeRealRuntime } from "./support/describe-real-runtime.ts";

await describeRealRuntime({
  runtime: "codex",
  path: "/v1",
  prompt: /^› Ask Codex/m,
  resumes: true,
  dialog: { command: "/model", question: /model/i },
});
