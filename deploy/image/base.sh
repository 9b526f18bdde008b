#!/bin/sh
# First step of an image, in its file system as root: what Debian brings, and the user that everything runs as.
set -eu
apt-get update -q
apt-get install -q -y --no-install-recommends python3 ca-certificates tzdata
rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin
groupadd --gid 10001 rpns
useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin rpns
