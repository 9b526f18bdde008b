#!/bin/sh
# Runs one command in an image's file system as a container would: enter.sh FOLDER HOME COMMAND…. As root.
#
# The tree is read-only and the user a plain one without any capability, who can gain none; /tmp is empty memory, and HOME,
# a folder of the caller, is /run/rpns, read-only. RPNS_VOLUME names a folder that may be written, under its own name.
# The network is the caller's.
set -eu
root="$1" home="$2"; shift 2
if [ "${RPNS_ENTERED:-}" != 1 ]; then
	RPNS_ENTERED=1 exec unshare --mount "$0" "$root" "$home" "$@"
fi
unset RPNS_ENTERED
mount --bind "$root" "$root"
mount -t proc -o ro proc "$root/proc"
mount --bind /dev "$root/dev"
for file in hosts resolv.conf; do # as Docker does
	touch "$root/etc/$file"
	mount --bind "/etc/$file" "$root/etc/$file"
done
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mkdir "$root/run/rpns"
mount --bind "$home" "$root/run/rpns"
mount -o remount,bind,ro "$root/run/rpns"
if [ -n "${RPNS_VOLUME:-}" ]; then
	mkdir -p "$root$RPNS_VOLUME"
	mount --bind "$RPNS_VOLUME" "$root$RPNS_VOLUME"
fi
mount -o remount,bind,ro "$root"
exec chroot "$root" /usr/bin/env HOME=/nonexistent PATH=/opt/rpns/bin:/usr/bin:/bin \
	setpriv --reuid=10001 --regid=10001 --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all "$@"
