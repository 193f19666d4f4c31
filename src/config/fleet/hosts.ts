import type { AnyHostSpec } from "../../host-kinds/registry.ts";

export type HostSpec = AnyHostSpec;

export type HostSpecs = Readonly<Record<string, HostSpec>>;
