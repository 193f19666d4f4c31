/**
 * Returns the environment for a program of the user, such as ssh or a password manager. Omits passphrases and tokens.
 * If the launcher has replaced the user's SSH agent with an agent for the vendor's plugins, restores the user's agent.
 *
 * @param own matches the names of the variables that the program must not see
 */
export function userEnvironment(
  env: NodeJS.ProcessEnv,
  own = /^(PULUMI|DIGITALOCEAN|MUSTER)_/,
): NodeJS.ProcessEnv {
  const { MUSTER_SSH_AUTH_SOCK: users, ...all } = env;
  const rest = Object.fromEntries(Object.entries(all).filter(([name]) => !own.test(name)));
  if (users === undefined) return rest;
  const { SSH_AUTH_SOCK: _, ...without } = rest;
  return users === "" ? without : { ...without, SSH_AUTH_SOCK: users };
}
