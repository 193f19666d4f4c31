#!/bin/sh
# From a new checkout to a running fleet: installs what is missing, then applies fleet.yaml.
set -eu
cd "$(dirname "$0")/.."
exec sh scripts/with-deps.sh scripts/run start.mjs "$@"
