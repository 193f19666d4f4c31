import { describeRealRuntime } from "./support/describe-real-runtime.ts";

await describeRealRuntime({
  runtime: "hermes",
  path: "/v1",
  prompt: /^❯\s*$/m,
  records: ".hermes/state.db*",
  failsOver: false,
  // Afterwards the host has no route to Debian's mirror.
  prepare: "apt-get -qq update && apt-get -qq -y --no-install-recommends install python3.11",
});
