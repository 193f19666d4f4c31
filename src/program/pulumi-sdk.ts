/**
 * The parts of Pulumi's SDK that the program uses. The SDK's own index is not used. It also loads the Automation API
 * and the code that serializes functions, which takes half a second at the start of every run.
 */

export { Config } from "@pulumi/pulumi/config.js";
export { RunError } from "@pulumi/pulumi/errors.js";
export * as log from "@pulumi/pulumi/log/index.js";
export { getProject, getStack } from "@pulumi/pulumi/metadata.js";
export { Output, output, recover } from "@pulumi/pulumi/output.js";
export { ComponentResource, CustomResource, DependencyResource } from "@pulumi/pulumi/resource.js";
export { invoke } from "@pulumi/pulumi/runtime/invoke.js";
