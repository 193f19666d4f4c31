import { agentWithoutContact } from "./agent-without-contact.ts";
import { identityOfTwo } from "./identity-of-two.ts";
import type { Lint } from "./lint.ts";
import { oauthOnTwoHosts } from "./oauth-on-two-hosts.ts";
import { observedHost } from "./observed-host.ts";
import { refusedSchedule } from "./refused-schedule.ts";
import { allowed } from "./sandbox-exceptions.ts";
import { secretInEnv } from "./secret-in-env.ts";
import { secretInUnit } from "./secret-in-unit.ts";
import { serviceNamedAsAgent } from "./service-named-as-agent.ts";
import { serviceOfTwo } from "./service-of-two.ts";
import { sharedSecret } from "./shared-secret.ts";
import { sharedUid } from "./shared-uid.ts";
import { unreachableRoute } from "./unreachable-route.ts";
import { userOfTwoTenants } from "./user-of-two-tenants.ts";
import { variableTwice } from "./variable-twice.ts";

/** All lints. To add one, write a file in this folder and add a line here. */
export const LINTS: readonly Lint[] = [
  agentWithoutContact,
  allowed,
  identityOfTwo,
  oauthOnTwoHosts,
  observedHost,
  refusedSchedule,
  secretInEnv,
  secretInUnit,
  serviceNamedAsAgent,
  serviceOfTwo,
  sharedSecret,
  sharedUid,
  unreachableRoute,
  userOfTwoTenants,
  variableTwice,
];
