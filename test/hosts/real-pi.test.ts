import { describeRealRuntime } from "./support/describe-real-runtime.ts";

await describeRealRuntime({
  runtime: "pi",
  path: "",
  prompt: /\d\.\d%\/\d+k/,
  records: ".pi/agent/sessions",
  failsOver: true,
});
