/* A fall alarm as an Arduino sketch is built: setup() once, then loop() for every sample. The sensor is a file here: lines "x,y,z" in g at
 * FF_RATE Hz, read by semihosting, so that the program runs on an emulated Cortex-M4. On a board, read_sensor() waits for the accelerometer's
 * next sample (50 Hz, 8 g or more, no filter), and alarm() does what shall be done. */
#include <stdio.h>

#include "featherfall.h"

static FILE *sensor;
static unsigned long samples;

static int read_sensor(float *x, float *y, float *z) {
  char line[96];
  return fgets(line, sizeof line, sensor) && sscanf(line, "%f,%f,%f", x, y, z) == 3;
}

static void alarm(float probability) {
  printf("fall at %.2f s, probability %.2f\n", (double)samples / (double)FF_RATE, (double)probability);
}

static void setup(void) { sensor = fopen("samples.csv", "r"); }

static int loop(void) {
  float x, y, z;
  if (!read_sensor(&x, &y, &z)) return 0;
  const float probability = ff_push(x, y, z);
  if (probability >= FF_THRESHOLD) alarm(probability);
  samples++;
  return 1;
}

int main(void) {
  setup();
  if (!sensor) {
    puts("samples.csv: cannot be opened");
    return 1;
  }
  while (loop()) {
  }
  printf("%lu samples\n", samples);
  return 0;
}
