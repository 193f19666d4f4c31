import { describeRealRuntime } from "./support/describe-real-runtime.ts";

await describeRealRuntime({ runtime: "pi", path: "", prompt: /\d\.\d%\/\d+k/, resumes: true });
