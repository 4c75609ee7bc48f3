/* @NAME@, a student of featherfall. Generated: do not edit, export it again. See featherfall.h. */
#include "featherfall.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

@TABLES@

@RINGS@
static float arena[@ARENA@];
static float probabilities[FF_CLASSES];
static int start; /* a window's first sample in the rings */

@BUFFERS@

@READS@

static signed char quantise(float steps) {
  const float low = steps > -127.0f ? steps : -127.0f; /* also where it is not a number */
  const float clipped = low < 127.0f ? low : 127.0f;
  return (signed char)((int)(clipped + 128.5f) - 128);
}

@REQUANTISE@static float exponential(float x) { /* of x <= 0 */
  if (!(x > -87.0f)) return 0.0f;
  const int32_t whole = (int32_t)(x * 1.44269504f - 0.5f);
  float rest = x - (float)whole * 0.693359375f;
  rest = rest + (float)whole * 2.12194440e-4f;
  float series = @FIRST@;
@SERIES@
  const uint32_t bits = (uint32_t)(whole + 127) << 23;
  float power;
  memcpy(&power, &bits, sizeof power);
  return (series * rest * rest + rest + 1.0f) * power;
}

static float largest(const float *values) {
  float most = values[0];
  for (int i = 1; i < FF_CLASSES; i++) {
    if (values[i] > most) most = values[i];
  }
  return most;
}

@STEPS@

static float infer(void) {
  float total = 0.0f;
@CALLS@
  for (int i = 0; i < FF_CLASSES; i++) probabilities[i] = @LOGITS@[i] / @TEMPERATURE@;
  const float most = largest(probabilities);
  for (int i = 0; i < FF_CLASSES; i++) {
    probabilities[i] = exponential(probabilities[i] - most);
    total += probabilities[i];
  }
  for (int i = 0; i < FF_CLASSES; i++) probabilities[i] = probabilities[i] / total;
  return @RESULT@;
}

@STREAM@const float *ff_probabilities(void) { return probabilities; }

@CLASSIFY@ {
@FORGET@  start = 0;
@LOADS@
  return infer();
}
