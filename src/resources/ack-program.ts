/** The program that an agent runs to acknowledge a message of `fleet send`; see docs/watching.md. */
export const ACKNOWLEDGE_PROGRAM = `#!/bin/sh
# Acknowledges a message that fleet send has delivered: muster-ack ID
set -eu
id=\${1:-}
case $id in
  '' | [-_]* | *[!A-Za-z0-9_-]*) echo "usage: muster-ack ID" >&2; exit 2 ;;
esac
if [ -z "\${MUSTER_AGENT:-}" ]; then
  echo "muster-ack: MUSTER_AGENT is not set: only an agent can acknowledge a message" >&2
  exit 1
fi
folder=/run/muster-$MUSTER_AGENT/acks
mkdir -p "$folder"
: >"$folder/$id"
`;
