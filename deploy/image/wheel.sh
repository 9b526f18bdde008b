#!/bin/sh
# Third step, in the same stage, in a folder with the sources: the product's own wheel, into /opt/rpns.
set -eu
PATH="/opt/build/bin:$PATH" /opt/build/bin/uv build -q --wheel --no-build-isolation --python /opt/build/bin/python --out-dir /tmp/wheel .
/opt/build/bin/uv pip install -q --no-cache --offline --no-deps --python /opt/rpns/bin/python --compile-bytecode /tmp/wheel/*.whl
