#!/bin/sh
# The images' file systems without Docker: deploy/image/rootfs.sh FOLDER. As root, with debootstrap.
#
# The steps are those of deploy/Dockerfile and deploy/sandbox.Dockerfile, by the same scripts, on Debian 12. Afterwards
# FOLDER/services and FOLDER/sandbox are what the images would hold. `python -m deploy.image.prove FOLDER` runs them.
set -eu
[ "$(id -u)" = 0 ] || { echo "error: it needs root, for debootstrap and chroot" >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "error: it needs debootstrap (apt-get install debootstrap)" >&2; exit 1; }
[ $# = 1 ] || { echo "usage: $0 FOLDER" >&2; exit 2; }
here="$(cd "$(dirname "$0")/../.." && pwd)"
mkdir -p "$1"
out="$(cd "$1" && pwd)"

inside() { # inside STAGE COMMAND…: run it in a stage, with nothing of this environment but the way to the registries
	stage="$out/$1"; shift
	cp /etc/resolv.conf "$stage/etc/resolv.conf"
	cp /etc/ssl/certs/ca-certificates.crt "$stage/tmp/ca.crt"
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
		PIP_CERT=/tmp/ca.crt SSL_CERT_FILE=/tmp/ca.crt \
		${HTTPS_PROXY:+HTTPS_PROXY="$HTTPS_PROXY"} ${PIP_INDEX_URL:+PIP_INDEX_URL="$PIP_INDEX_URL"} ${UV_DEFAULT_INDEX:+UV_DEFAULT_INDEX="$UV_DEFAULT_INDEX"} \
		NODE_EXTRA_CA_CERTS=/tmp/ca.crt ${npm_config_registry:+npm_config_registry="$npm_config_registry"} \
		unshare --mount --pid --fork sh -c 'mount -t proc proc "$0/proc" && mount --bind /dev "$0/dev" && exec chroot "$0" "$@"' "$stage" "$@"
	rm "$stage/tmp/ca.crt"
}

if [ ! -f "$out/base/.debootstrapped" ]; then
	rm -rf "$out/base"
	debootstrap --variant=minbase bookworm "$out/base"
	touch "$out/base/.debootstrapped"
fi

rm -rf "$out/stage" "$out/console" "$out/build" "$out/services" "$out/sandbox"
cp -a "$out/base" "$out/stage" # FROM … AS base
cp "$here/deploy/image/base.sh" "$out/stage/tmp/"
inside stage sh /tmp/base.sh

cp -a "$out/base" "$out/console" # FROM … AS console
mkdir -p "$out/console/src/deploy"
cp "$here/requirements-local.txt" "$here/deploy/image/console.sh" "$out/console/src/"
cp "$here/deploy/__init__.py" "$out/console/src/deploy/"
cp -a "$here/deploy/console" "$out/console/src/deploy/"
rm -rf "$out/console/src/deploy/console/node_modules" # as .dockerignore does
inside console sh -c 'cd /src && sh console.sh'

cp -a "$out/stage" "$out/build" # FROM base AS build
mkdir "$out/build/src"
cp "$here/requirements.txt" "$here/deploy/image/build.txt" "$here/deploy/image/packages.sh" "$out/build/src/"
inside build sh -c 'cd /src && sh packages.sh'

cp -a "$out/stage" "$out/sandbox" # FROM base, of deploy/sandbox.Dockerfile
cp -a "$out/build/opt/rpns" "$out/sandbox/opt/rpns"
mkdir -p "$out/sandbox/opt/sandbox/deploy" "$out/sandbox/data"
cp "$here/deploy/__init__.py" "$out/sandbox/opt/sandbox/deploy/"
cp -a "$here/deploy/sandbox" "$out/sandbox/opt/sandbox/deploy/"

mkdir "$out/build/src/deploy"
cp "$here/pyproject.toml" "$here/README.md" "$here/LICENSE" "$here/NOTICE" "$here/deploy/image/wheel.sh" "$out/build/src/"
cp -a "$here/schemas" "$here/services" "$out/build/src/"
rm -rf "$out/build/src/services/runtime/pages/dist"
cp -a "$out/console/src/services/runtime/pages/dist" "$out/build/src/services/runtime/pages/"
cp -a "$here/deploy/__init__.py" "$here/deploy/cli" "$here/deploy/gateway" "$here/deploy/repair" "$out/build/src/deploy/"
inside build sh -c 'cd /src && sh wheel.sh'

cp -a "$out/stage" "$out/services" # FROM base, of deploy/Dockerfile
cp -a "$out/build/opt/rpns" "$out/services/opt/rpns"
rm -rf "$out/stage" "$out/console"
du -sh "$out/base" "$out/services" "$out/sandbox"
