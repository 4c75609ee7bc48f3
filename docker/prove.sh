#!/usr/bin/env bash
# Where no Docker engine runs: the runtime image's own steps, read from its Dockerfile, in a clean environment; then what must hold.
#   docker/prove.sh [WORK]       WORK: an empty folder for it all, some 700 MB (default: a temporary one that is removed)
set -euo pipefail
cd "$(dirname "$0")/.."
dockerfile=docker/runtime.Dockerfile
work=${1:-$(mktemp -d)}
[[ $# -gt 0 ]] || trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{context,wheels,home,data,weights}
work=$(cd "$work" && pwd)
port=$(python3 -c "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])")

say() { printf '\n== %s\n' "$*"; }

# An instruction's lines, joined; the words of `RUN --mount` are the engine's.
lines_of() { sed -e ':a' -e '/\\$/{N;s/\\\n[[:space:]]*//;ba' -e '}' "$dockerfile" | sed -n "s/^$1 //p" | sed -E 's/--(mount|chmod|start-period)=[^ ]+ //g'; }
in_place() { sed -e "s#/wheels#$work/wheels#g" -e "s#/constraints.txt#$work/context/constraints.txt#g" -e "s#/opt/weights#$work/weights#g"; }
# The image's environment, and what this machine's pip needs to find packages.
mapfile -t environment < <({ lines_of ENV | tr ' ' '\n' | in_place; env | grep -E '^(PIP_|https?_proxy|HTTPS?_PROXY|SSL_CERT)' || true; })
clean() { env -i PATH="$work/venv/bin:/usr/bin:/bin" HOME="$work/home" "${environment[@]}" "$@"; }
# As the image's user: nobody special, who may write into /tmp only.
as_user() { if [[ $(id -u) == 0 ]]; then clean setpriv --reuid=1000 --regid=1000 --clear-groups "$@"; else clean "$@"; fi; }

say "context: what .dockerignore lets through"
git ls-files --cached --others --exclude-standard src recipes pyproject.toml constraints.txt README.md LICENSE |
  while read -r file; do [[ -e $file ]] && echo "$file"; done | tar -cf - -T - | tar -xf - -C "$work/context"
du -sh "$work/context"

# The image's user must be able to read the interpreter, which lies in somebody's home on some machines.
python=$(PATH=/usr/bin:/bin:$PATH command -v python3)
"$python" -m venv "$work/venv"
lines_of RUN | grep -v ^useradd | in_place | while read -r line; do
  say "RUN $line"
  (cd "$work/context" && clean PIP_QUIET=1 bash -ec "$line")
done

read -r _ digest url file < <(lines_of ADD | sed 's/--checksum=sha256:/x /' | in_place)
say "ADD $url"
for place in "${FEATHERFALL_WEIGHTS:-$HOME/.cache/featherfall/weights}" "${FEATHERFALL_REAL_DATA:-$HOME/.cache/featherfall/real}/weights"; do
  [[ -f $place/$(basename "$file") ]] && cp "$place/$(basename "$file")" "$file"
done
[[ -f $file ]] || curl -fsSL -o "$file" "$url"
echo "$digest  $file" | sha256sum --check -
chmod -R a+rX "$work"

say "no training library"
clean python - <<'PY'
import importlib.util

heavy = [name for name in ("torch", "lightning_fabric", "scipy", "pyarrow", "matplotlib", "onnx", "mujoco") if importlib.util.find_spec(name)]
assert not heavy, heavy
print("none of torch, lightning, scipy, pyarrow, matplotlib, onnx, mujoco")
PY
du -sh "$work"/venv/lib/python3*/site-packages

say "predict: the samples of the app"
cp src/featherfall/app/samples/simulated-watch.csv "$work/data/watch.csv"
cp src/featherfall/app/samples/simulated-fall.mp4 "$work/data/film.mp4"
chmod a+r "$work/data"/*
for words in "wrist watch.csv" "camera film.mp4"; do
  # shellcheck disable=SC2086
  (cd "$work/data" && as_user featherfall predict $words) | tee "$work/said"
  grep -q "events   1" "$work/said"
done

say "CMD $(lines_of CMD), on port $port"
command=$(lines_of CMD | tail -1 | tr -d '[],"' | sed "s/7860/$port/")
started=$(date +%s%N)
# shellcheck disable=SC2086
(cd "$work/data" && exec env -i PATH="$work/venv/bin:/usr/bin:/bin" HOME=/nonexistent "${environment[@]}" \
  $([[ $(id -u) == 0 ]] && echo setpriv --reuid=1000 --regid=1000 --clear-groups) featherfall $command) > "$work/app.log" 2>&1 &
app=$!
stop() { kill "$app" 2>/dev/null || true; wait "$app" 2>/dev/null || true; }
trap 'stop; [[ $# -gt 0 ]] || rm -rf "$work"' EXIT
for _ in $(seq 300); do
  status=$(curl -s -L -o /dev/null -w '%{http_code}' -H 'accept: text/html' "http://127.0.0.1:$port/" || true)
  [[ $status == 200 ]] && break
  kill -0 "$app" || { cat "$work/app.log"; exit 1; }
  sleep 0.1
done
echo "HTTP $status, $((($(date +%s%N) - started) / 1000000)) ms after the start"
[[ $status == 200 ]]
token=$(sed -n 's/^token: //p' "$work/app.log")
[[ $(curl -s -o /dev/null -w '%{http_code}' -H "authorization: Bearer $token" "http://127.0.0.1:$port/") == 200 ]] && echo "HTTP 200 with the token"
[[ $(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/") == 401 ]] && echo "HTTP 401 without"

say "HEALTHCHECK"
check=$(sed -n 's/^HEALTHCHECK .*CMD //p' "$dockerfile" | sed "s/7860/$port/")
as_user python -c "import json, subprocess, sys; sys.exit(subprocess.run(json.loads(sys.argv[1])).returncode)" "$check" && echo healthy
stop
if as_user python -c "import json, subprocess, sys; sys.exit(subprocess.run(json.loads(sys.argv[1]), stderr=subprocess.DEVNULL).returncode)" "$check"; then
  echo "healthy though nothing runs" && exit 1
fi
echo "unhealthy when it is down"
say "all of it holds"
