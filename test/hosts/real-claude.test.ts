import { describeRealRuntime } from "./support/describe-real-runtime.ts";

await describeRealRuntime({
  runtime: "claude",
  path: "",
  prompt: /^❯/m,
  resumes: true,
  dialog: { command: "/model", question: /model/i },
});
