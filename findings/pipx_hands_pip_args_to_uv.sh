#!/usr/bin/env bash
# pipx 1.18.4 installs with uv as soon as one is on PATH, and hands it what --pip-args holds. So an
# option of pip that uv does not have, such as --prefer-binary, ends the installation on one machine
# and works on the next. --only-binary PACKAGE is in both.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
pip() { "$folder/venv/bin/python" -m pip --quiet --disable-pip-version-check "$@"; }
pip install pipx==1.18.4 uv==0.13.9
pip download --no-deps --dest "$folder/wheels" cowsay==6.1
export PATH=$folder/venv/bin:$PATH

installed() { # BACKEND OPTION...; an environment keeps its backend, so each has a home of its own
  PIPX_HOME=$(mktemp -d "$folder/XXXX") PIPX_BIN_DIR=$folder/bin PIPX_DEFAULT_BACKEND=$1 \
    pipx install --force "$folder"/wheels/cowsay-*.whl \
    --pip-args="${*:2}" > "$folder/output" 2>&1 && echo yes \
    || echo "no: $(grep -o "unexpected argument '[^']*'" "$folder/output" | head -n 1)"
}
chosen=$(pipx install --help | tr -s ' \n' ' ' | grep -o "else 'uv' when uv is available" || true)
by_pip=$(installed pip --prefer-binary)
by_uv=$(installed uv --prefer-binary)
both=$(installed uv --only-binary cowsay)
echo "default: $chosen"
echo "--prefer-binary, pip: $by_pip"
echo "--prefer-binary, uv: $by_uv"
echo "--only-binary, uv: $both"

# Output seen:
#   default: else 'uv' when uv is available
#   --prefer-binary, pip: yes
#   --prefer-binary, uv: no: unexpected argument '--prefer-binary'
#   --only-binary, uv: yes
[[ $by_pip == yes && $by_uv == "no: unexpected argument"* && $both == yes ]]
