import { resolveCloud } from "../../host-kinds/droplet/cloud-section.ts";
import type { Fleet } from "../fleet.ts";
import { asMap } from "../yaml-values.ts";
import { agentResolver } from "./agent.ts";
import { budgetResolver } from "./budget.ts";
import { resolveContacts } from "./contacts.ts";
import { type Context, resolveSection } from "./context.ts";
import { resolveCredential } from "./credential.ts";
import { resolveHost } from "./host.ts";
import { resolveIdentity } from "./identity.ts";
import { jobResolver } from "./job.ts";
import { withMonitoring } from "./monitoring.ts";
import { runtimeResolver } from "./pinned-runtime.ts";
import { resolveProvider } from "./provider.ts";
import { resolveReader } from "./reader.ts";
import { resolveRecurrence } from "./recurrence.ts";
import { resolveRoute } from "./route.ts";
import { resolveService } from "./service.ts";
import { resolveTenant } from "./tenant.ts";

/** Resolves all valid entries. The fleet is complete if no problem has been reported. */
export function resolveFleet(context: Context): Fleet {
  const { name } = asMap(context.source.value);
  const tenants = resolveSection("tenants", context, resolveTenant);
  const providers = resolveSection("providers", context, resolveProvider);
  const cloud = resolveCloud(context);
  const credentials = resolveSection("credentials", context, resolveCredential);
  const identities = resolveSection("identities", context, resolveIdentity);
  const runtimes = resolveSection("runtimes", context, runtimeResolver(context.dir));
  const agents = resolveSection(
    "agents",
    context,
    agentResolver(tenants, runtimes, { providers, credentials, identities }),
  );
  const fleet: Fleet = {
    name: typeof name === "string" ? name : "",
    dir: context.dir,
    file: context.file,
    hosts: resolveSection("hosts", context, resolveHost),
    ...(cloud !== undefined && { cloud }),
    tenants,
    runtimes,
    providers,
    credentials,
    identities,
    contacts: resolveContacts(context),
    agents,
    services: resolveSection("services", context, resolveService),
    readers: resolveSection("readers", context, resolveReader),
    jobs: resolveSection("jobs", context, jobResolver(agents)),
    routes: resolveSection("routes", context, resolveRoute),
    budgets: resolveSection("budgets", context, budgetResolver(providers)),
    recurrence: resolveRecurrence(context),
  };
  return withMonitoring(fleet, context);
}
