import { agentWithoutContact } from "./agent-without-contact.ts";
import { sharedUid } from "./agents-sharing-user.ts";
import { expiringCredential } from "./expiring-credential.ts";
import { gatewayPortTwice } from "./gateway-port-twice.ts";
import { handoffRelay } from "./handoff-relay.ts";
import { identityOfTwo } from "./identity-of-two.ts";
import { impossibleAddress } from "./impossible-address.ts";
import type { Lint } from "./lint.ts";
import { loginFile } from "./login-file.ts";
import { loginInIdentity } from "./login-in-identity.ts";
import { longCommand } from "./long-command.ts";
import { missingKey } from "./missing-key.ts";
import { oauthOnTwoHosts } from "./oauth-on-two-hosts.ts";
import { observedHost } from "./observed-host.ts";
import { powerfulRights } from "./powerful-rights.ts";
import { queueOverflow } from "./queue-overflow.ts";
import { refusedSchedule } from "./refused-schedule.ts";
import { restartsOfRepository } from "./restarts-of-repository.ts";
import { allowed } from "./sandbox-exceptions.ts";
import { secretInEnv } from "./secret-in-env.ts";
import { secretInUnit } from "./secret-in-unit.ts";
import { serviceNamedAsAgent } from "./service-named-as-agent.ts";
import { settingsFileConflict } from "./settings-file-conflict.ts";
import { serviceOfTwo } from "./shared-by-two-services.ts";
import { sharedSecret } from "./shared-secret.ts";
import { trackedIdentity } from "./tracked-identity.ts";
import { unexpanded } from "./unexpanded-text.ts";
import { unreachableRoute } from "./unreachable-route.ts";
import { unsetReference } from "./unset-reference.ts";
import { userOfTwoTenants } from "./user-of-two-tenants.ts";
import { variableTwice } from "./variable-twice.ts";
import { vendorInModel } from "./vendor-in-model.ts";

/** All lints. To add a lint, write a file in this folder and add a line here. */
export const LINTS: readonly Lint[] = [
  agentWithoutContact,
  allowed,
  expiringCredential,
  gatewayPortTwice,
  handoffRelay,
  identityOfTwo,
  impossibleAddress,
  loginFile,
  loginInIdentity,
  longCommand,
  oauthOnTwoHosts,
  missingKey,
  observedHost,
  powerfulRights,
  queueOverflow,
  refusedSchedule,
  restartsOfRepository,
  secretInEnv,
  secretInUnit,
  serviceNamedAsAgent,
  serviceOfTwo,
  settingsFileConflict,
  sharedSecret,
  sharedUid,
  trackedIdentity,
  unexpanded,
  unreachableRoute,
  unsetReference,
  userOfTwoTenants,
  variableTwice,
  vendorInModel,
];
