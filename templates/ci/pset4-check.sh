#!/usr/bin/env bash
# The steps of a check in CI, for GitHub, GitLab and Classroom 50: `pset4-check.sh STEP`.
#
#   packages     installs the packages of requirements-ci.lock into ENVIRONMENT, unless they are there
#   system       installs bubblewrap and Pango where they are missing and we may
#   grader       installs the wheel that lies beside this file
#   pack         zips what is committed in FOLDER as WORK/<kerberos>.zip
#   check        checks it; exit 0 met, 1 not met, 2 unusable, 3 fault of the grader
#   feedback     gathers the student's own pages in WORK/feedback: no staff page, seed or evidence
#
# Settings, all from the environment: ENVIRONMENT and WORK (folders), REPOSITORY, KERBEROS, PATTERN,
# ROSTER (whose it is), FOLDER, ASSIGNMENT, COURSE, BUNDLE, SUBMITTED, REQUIRE, ISOLATION; NO_BOX
# where no box is wanted.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
environment=${ENVIRONMENT:?names a folder for Python packages}
python="$environment/bin/python"

packages() {
  # The lock file beside the environment says that it is whole.
  if cmp --silent "$here/requirements-ci.lock" "$environment/requirements-ci.lock"; then
    return
  fi
  rm -rf "$environment"
  python3 -m venv "$environment"
  "$python" -m pip install --quiet --disable-pip-version-check uv
  "$environment/bin/uv" pip install --quiet --python "$python" \
    --no-deps --require-hashes -r "$here/requirements-ci.lock"
  # 0.8 GB that torch opens only to compute on a GPU.
  find "$environment/lib" -name 'libcudnn_*' -delete
  cp "$here/requirements-ci.lock" "$environment/"
}

system() {
  local as_root=() missing=() libraries
  if [ "$(id -u)" = 0 ]; then
    as_root=(env)
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root=(sudo env)
  fi
  libraries=$(ldconfig -p)
  # bubblewrap makes the box that the notebook runs in, Pango sets the pages.
  [ -n "${NO_BOX:-}" ] || command -v bwrap >/dev/null || missing+=(bubblewrap)
  [[ "$libraries" == *libpango-1.0.so.0* ]] || missing+=(libpango-1.0-0)
  [[ "$libraries" == *libpangoft2-1.0.so.0* ]] || missing+=(libpangoft2-1.0-0)
  [[ "$libraries" == *libharfbuzz-subset.so.0* ]] || missing+=(libharfbuzz-subset0)
  if [ "${#missing[@]}" -gt 0 ]; then
    if [ "${#as_root[@]}" = 0 ]; then
      echo "These packages are missing on this machine: ${missing[*]}; ask for them." >&2
      exit 2
    fi
    "${as_root[@]}" apt-get -qq update
    "${as_root[@]}" DEBIAN_FRONTEND=noninteractive \
      apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
  fi
  # Ubuntu keeps ordinary users from user namespaces, of which their boxes are made.
  if [ -z "${NO_BOX:-}" ] && [ "${#as_root[@]}" -gt 0 ] && ! bwrap --ro-bind / / --unshare-all true 2>/dev/null; then
    "${as_root[@]}" sysctl -q -w kernel.apparmor_restrict_unprivileged_userns=0 || true
  fi
}

grader() {
  "$environment/bin/uv" pip uninstall --quiet --python "$python" pset4-grader pset4-check || true
  "$environment/bin/uv" pip install --quiet --python "$python" --no-deps --reinstall "$here"/*.whl
}

name() {
  "$python" -P -m grader.intake.repository_name "${REPOSITORY:-}" --kerberos "${KERBEROS:-}" \
    --pattern "${PATTERN:-}" --roster "${ROSTER:-}"
}

pack() {
  local folder=${FOLDER:-} kerberos
  kerberos=$(name)
  rm -rf "${WORK:?names a folder for results}"
  mkdir -p "$WORK/feedback"
  git archive --format=zip --output="$WORK/$kerberos.zip" "HEAD:${folder%/}" . ':(exclude).github' \
    ':(exclude).gitlab-ci.yml'
}

check() {
  local submitted=${SUBMITTED:-}
  if [ "$submitted" = now ]; then
    submitted=$(date -u +%Y-%m-%dT%H:%MZ)
  fi
  local command="$environment/bin/grader"
  [ ! -x "$environment/bin/pset4-check" ] || command="$environment/bin/pset4-check"
  "$command" check "$WORK/$(name).zip" --out "$WORK/results" \
    ${ASSIGNMENT:+--assignment "$ASSIGNMENT"} ${COURSE:+--course "$COURSE"} \
    ${submitted:+--submitted "$submitted"} --bundle "${BUNDLE:-studio}" \
    --require "${REQUIRE:-parts}" --isolation "${ISOLATION:-require}" --prefix "${FOLDER:-}" \
    --junit "$WORK/feedback/junit.xml" --summary "$WORK/feedback/summary.md" \
    --code-quality "$WORK/feedback/gl-code-quality.json"
}

feedback() {
  local page
  mkdir -p "$WORK/feedback"
  for page in feedback.html feedback.pdf; do
    cp "$WORK/results"/*/"$page" "$WORK/feedback/" 2>/dev/null || true
  done
  if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
    if [ -f "$WORK/feedback/summary.md" ]; then
      cat "$WORK/feedback/summary.md" >>"$GITHUB_STEP_SUMMARY"
    else
      echo "The check wrote no summary: see the log of the steps before." >>"$GITHUB_STEP_SUMMARY"
    fi
  fi
}

case "${1:-}" in
  packages | system | grader | pack | check | feedback) "$1" ;;
  *) echo "usage: pset4-check.sh packages|system|grader|pack|check|feedback" >&2; exit 2 ;;
esac
