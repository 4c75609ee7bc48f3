#!/usr/bin/env bash
# Leave one subject out over WEDA-FALL (25 folds) and UP-Fall (17, or as many people as are there): teachers, student alone and distilled,
# folds side by side. An interrupted call goes on where it was. usage: benchmarks/loso.sh OUT [weda|up_fall]...; on a quiet machine.
# Prints wall time, the share of it that the cores worked for the run, and what is found of each person. Clips are cut before the clock
# starts; a call that goes on with an earlier one times the rest only. PYTHON=...: of an environment with featherfall.
set -euo pipefail
out=$1
shift
names=("${@:-weda}")
cores=$(nproc)
python=${PYTHON:-python}
here=$(dirname "$0")
mkdir -p "$out"
awk '$1 > 0.5 {print "the machine is not quiet (load " $1 "): the times below mean little"}' /proc/loadavg
for name in "${names[@]}"; do
  changes=(split.protocol=loso)
  case $name in
    weda) ;;
    # The gyroscope of UP-Fall's wrist and its accelerometer teach the accelerometer; there is no orientation.
    up_fall) changes+=(dataset=up_fall 'clip.inputs={accelerometer: wrist_accelerometer, gyroscope: wrist_gyroscope}'
      'teacher.network.inputs=[accelerometer, gyroscope]' split.balance=null) ;;
    *) echo "$name: give weda or up_fall" >&2; exit 2 ;;
  esac
  echo "== $name"
  "$python" "$here/loso_people.py" --cut weda_fall_wrist "${changes[@]}"
  [ -f "$out/$name/metrics.json" ] && echo "finished before: the time is that of looking"
  TIMEFORMAT='%R %U %S'
  { time "$python" -m featherfall.cli distill weda_fall_wrist --out "$out/$name" --resume --seed 0 "${changes[@]/#/--set=}" \
      > "$out/$name.txt" 2> "$out/$name.log"; } 2> "$out/$name.time" || { tail -3 "$out/$name.log" >&2; exit 1; }
  cat "$out/$name.txt"
  "$python" "$here/loso_people.py" "$out/$name" | tee "$out/$name.md"
  awk -v cores="$cores" '{printf "wall %.1f min (target 10), processor %.1f min, %d cores busy %.0f%% (target 90)\n", $1 / 60, ($2 + $3) / 60, cores, 100 * ($2 + $3) / ($1 * cores)}' \
    "$out/$name.time"
done
