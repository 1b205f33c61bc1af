#!/bin/sh
# Run a program of node's packages with the node of the project's environment.
set -eu
here="$(cd "$(dirname "$0")/.." && pwd)"
program="$1"
shift
exec "$here/.local/venv/bin/node" "$here/.local/node/node_modules/.bin/$program" "$@"
