static int newest, count; /* in the rings: the last sample, how many there were up to @RING@ */
static int waiting; /* samples until a window is due */

@TRIGGER@

static void keep(const float *sample) {
@KEEPS@
}

float ff_push_sample(const float *values) {
  float sample[FF_CHANNELS], last[FF_CHANNELS];
  memset(last, 0, sizeof last);
@LASTS@
  for (int c = 0; c < FF_CHANNELS; c++) {
    sample[c] = isfinite(values[c]) ? values[c] : last[c];
  }
  if (count == 0) { /* before the stream its first sample is held */
    for (newest = 0; newest < @RING@; newest++) keep(sample);
    newest = @RING@ - 1;
    waiting = @LENGTH@;
  }
  newest = newest + 1 < @RING@ ? newest + 1 : 0;
  keep(sample);
  if (count < @RING@) count++;
  return is_due() ? infer() : FF_NOT_DUE;
}

void ff_reset(void) {
  memset(probabilities, 0, sizeof probabilities);
  count = 0;
}

@BODY@