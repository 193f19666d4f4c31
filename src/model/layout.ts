/** Where Muster's own things lie on a host. All of it is root-owned; no agent can change a path component. */

/** The installed runtime: `node-<version>/node`, `bundle-<hash>/host.mjs`, and `run`, which starts the current pair. */
export const RUNTIME_DIR = "/usr/local/lib/muster";

/** What is remembered on the host. */
export const STATE_DIR = "/var/lib/muster";

/** One JSON file a resource: `<owner, / as ~>/<id, / as ~>.json`. */
export const RECORDS_DIR = `${STATE_DIR}/records`;

/** Bytes by digest, `<64 hex>`: the restore source for identity files, and the declared rows. */
export const CONTENTS_DIR = `${STATE_DIR}/contents`;

/** One folder an agent (root:its group, 0750), its files 0400 of its uid. */
export const CREDENTIALS_DIR = `${STATE_DIR}/credentials`;

/** One folder a gate, the home of its account: its keys, and its scope. */
export const GATES_DIR = `${STATE_DIR}/gates`;

/** 32 random bytes, 0400; keys the hashes of secrets in records and never leaves the host. */
export const KEY_FILE = `${STATE_DIR}/key`;

/** flock(1)-style lock around useradd and daemon-reload. */
export const LOCK_FILE = "/run/muster.lock";

/** Where an agent's own data goes when its resource is removed: `<name>-<UTC time>`, 0700 root. */
export const ASIDE_DIR = "/var/lib/muster-aside";

export const UNIT_DIR = "/etc/systemd/system";

export const SUDOERS_DIR = "/etc/sudoers.d";
