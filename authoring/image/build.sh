#!/usr/bin/env bash
# Builds build/pset4-image.tar: the root file system of an image in which the grader is installed.
#
# Needs root, mmdebstrap and .venv; no base image and no daemon. See Containerfile beside this file.
# GPU=1 puts in the libraries that only a GPU needs. SUITE is Debian's; its Python must be 3.11.5 or newer.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
suite=${SUITE:-trixie}
lock=templates/ci/requirements-ci.lock
[ -z "${GPU:-}" ] || lock=requirements.lock
packages=python3,python3-venv,bubblewrap,ca-certificates,git
packages+=,libpango-1.0-0,libpangoft2-1.0-0,libharfbuzz-subset0
wheels=(build/pset4_grader-*.whl)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

command -v mmdebstrap >/dev/null || { echo "make image: mmdebstrap is missing; install it" >&2; exit 2; }
mmdebstrap --quiet --variant=minbase --include="$packages" "$suite" "$root"
chroot "$root" python3 -m venv --without-pip /opt/pset4
version=$(chroot "$root" python3 -c 'import platform; print(platform.python_version())')
place="$root/opt/pset4/lib/python${version%.*}/site-packages"
into=(.venv/bin/uv pip install --quiet --no-deps --link-mode copy --target "$place")
"${into[@]}" --python-version "$version" --require-hashes -r "$lock"
"${into[@]}" --python-version "$version" "${wheels[-1]}"
[ -n "${GPU:-}" ] || find "$place" -name 'libcudnn_*' -delete
cat >"$root/usr/local/bin/grader" <<'GRADER'
#!/bin/sh
exec /opt/pset4/bin/python -P -m grader.app "$@"
GRADER
chmod 755 "$root/usr/local/bin/grader"
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*
tar --numeric-owner -C "$root" -cf build/pset4-image.tar .
ls -sh build/pset4-image.tar
