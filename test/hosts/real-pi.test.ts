import { describeRealRuntime } from "./support/describe-real-runtime.ts";

await describeRealRuntime({
  runtime: "pi",
  prompt: /\d\.\d%\/\d+k/,
  records: ".pi/agent/sessions",
  failsOver: true,
  hasLostTurns: true,
});
