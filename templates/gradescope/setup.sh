#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the image.
set -euo pipefail

source=/autograder/source
export ENVIRONMENT=/opt/pset4 UV_PYTHON_INSTALL_DIR=/opt/python

# The image has Python 3.10; uv brings a newer one, in a folder that every user may read.
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11, 5))'; then
  apt-get -qq update
  DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends python3-pip >/dev/null
  python3 -m pip install --quiet uv
  uv python install --quiet 3.11
  PATH="$(dirname "$(uv python find 3.11)"):$PATH"
fi
NO_BOX=1 "$source/pset4-check.sh" packages
NO_BOX=1 "$source/pset4-check.sh" system

# Our own code lies apart from the packages, where only root may read it: it holds what is right.
rm -rf "$source/code"
"$ENVIRONMENT/bin/uv" pip install --quiet --python "$ENVIRONMENT/bin/python" --no-deps \
  --target "$source/code" "$source"/*.whl
find "$source/code" -name 'solved.ipynb' -o -name 'master.ipynb' | xargs rm -f
chown -R root:root "$source"
chmod -R go-rwx "$source"
