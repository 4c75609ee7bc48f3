#!/usr/bin/env bash
# The accuracy benchmarks: every figure of benchmarks/README.md. usage: benchmarks/run.sh OUT [NAME...]; about an hour on 2 cores.
set -euo pipefail
out=$1
shift
run() { # NAME RECIPE [changes...]
  local name=$1 recipe=$2
  shift 2
  if [[ ${#names[@]} -gt 0 && ! " ${names[*]} " == *" $name "* ]] || [[ -f $out/$name/metrics.json ]]; then return; fi
  local changes=()
  for change in "$@"; do changes+=(--set "$change"); done
  echo "== $name"
  featherfall distill "$recipe" --out "$out/$name" --resume "${changes[@]}"
}
names=("$@")
short=(student.training.steps=600 student.training.average=0.99)
watch_only=(teacher.network.kind=inertial 'teacher.network.inputs=[accelerometer]' teacher.training.augment.dynamics=0.5)
six=('student.network.inputs=[accelerometer, gyroscope]' student.training.augment.gyroscope_drop=0.5)
true_time=('clip.window={kind: sliding, length: 150, rate: 50, stride_s: 0.5}')

run cross-subject utd_mhad_wrist_cross_subject
run trial utd_mhad_wrist
run weda weda_fall_wrist
run smartfallmm smartfallmm_watch
run cross-subject-six utd_mhad_wrist_cross_subject "${six[@]}"
run cross-subject-600 utd_mhad_wrist_cross_subject "${short[@]}"
run cross-subject-control utd_mhad_wrist_cross_subject "${watch_only[@]}"
run cross-subject-control-600 utd_mhad_wrist_cross_subject "${watch_only[@]}" "${short[@]}"
run cross-subject-true-time utd_mhad_wrist_cross_subject "${true_time[@]}"
