import { describeRealRuntime } from "./support/describe-real-runtime.ts";
import { PYTHON } from "./support/real-runtimes.ts";

await describeRealRuntime({
  runtime: "hermes",
  prompt: /^❯\s*$/m,
  records: ".hermes/state.db*",
  failsOver: false,
  hasLostTurns: true,
  prepare: PYTHON,
});
