#!/bin/sh
# Second step, in a stage of its own as root, beside build.txt and the list that is given (requirements.txt): /opt/rpns
# with the locked packages.
# Where a package has no wheel for the machine, it is built without a compiler, or not at all.
set -eu
apt-get update -q
apt-get install -q -y --no-install-recommends python3-venv
python3 -m venv /opt/build
/opt/build/bin/pip install -q --no-cache-dir --disable-pip-version-check --require-hashes -r build.txt
python3 -m venv --without-pip /opt/rpns
/opt/build/bin/uv pip install -q --no-cache --python /opt/rpns/bin/python --require-hashes --compile-bytecode -r "${1:-requirements.txt}"
