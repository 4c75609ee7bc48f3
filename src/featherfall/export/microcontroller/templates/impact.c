static int sample_at(int ago) { return newest >= ago ? newest - ago : newest - ago + @RING@; }

static float magnitude(int ago) {
  const float *const a = ring0 + sample_at(ago) * @AXES@;
  float total = 0.0f;
  for (int c = 0; c < @AXES@; c++) total += a[c] * a[c];
  return sqrtf(total);
}

/* Whether the sample @DELAY@ ago is an impact: strong, and the highest of its neighbours, the first of equal ones. */
static int is_due(void) {
  if (count <= @DELAY@) return 0;
  const float peak = magnitude(@DELAY@);
  if (!(peak >= @THRESHOLD_G@)) return 0;
  for (int i = 1; i <= @SPACING@; i++) {
    if (count - 1 - @DELAY@ >= i && magnitude(@DELAY@ + i) >= peak) return 0;
    if (magnitude(@DELAY@ - i) > peak) return 0;
  }
  start = sample_at(@DELAY@ + @BEFORE@);
  return 1;
}
