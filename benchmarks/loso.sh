#!/usr/bin/env bash
# Leave one subject out over WEDA-FALL (25 folds) and UP-Fall (17, or as many people as are there): teachers, student alone and distilled,
# folds side by side. An interrupted call goes on where it was. usage: benchmarks/loso.sh OUT [weda|up_fall]...; on a quiet machine.
# Prints wall time, and the share of it that the cores worked for the run; the first call also cuts clips, so that a second, into another
# OUT, is the one to state.
set -euo pipefail
out=$1
shift
names=("${@:-weda}")
cores=$(nproc)
mkdir -p "$out"
for name in "${names[@]}"; do
  case $name in
    weda) changes=() ;;
    # The gyroscope of UP-Fall's wrist and its accelerometer teach the accelerometer; there is no orientation.
    up_fall) changes=(--set dataset=up_fall --set 'clip.inputs={accelerometer: wrist_accelerometer, gyroscope: wrist_gyroscope}'
      --set 'teacher.network.inputs=[accelerometer, gyroscope]' --set split.balance=null) ;;
    *) echo "$name: give weda or up_fall" >&2; exit 2 ;;
  esac
  echo "== $name"
  TIMEFORMAT='%R %U %S'
  { time featherfall distill weda_fall_wrist --out "$out/$name" --resume --seed 0 --set split.protocol=loso "${changes[@]}" \
      > "$out/$name.txt" 2> "$out/$name.log"; } 2> "$out/$name.time" || { tail -3 "$out/$name.log" >&2; exit 1; }
  cat "$out/$name.txt"
  awk -v cores="$cores" '{printf "wall %.1f min, processor %.1f min, %d cores busy %.0f%%\n", $1 / 60, ($2 + $3) / 60, cores, 100 * ($2 + $3) / ($1 * cores)}' \
    "$out/$name.time"
done
