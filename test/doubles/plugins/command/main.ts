/** A stand-in for the vendor's `pulumi-resource-command`, for machines that cannot download the original. */
import { servePlugin } from "../serve/serve.ts";
import { sdkVersion } from "../serve/version.ts";
import { localCommand } from "./local.ts";
import { remoteCommand } from "./remote.ts";

await servePlugin({
  version: sdkVersion("command"),
  types: { "command:local:Command": localCommand, "command:remote:Command": remoteCommand },
  functions: {},
  checkConfig: (given) => given,
  configure: () => {},
});
