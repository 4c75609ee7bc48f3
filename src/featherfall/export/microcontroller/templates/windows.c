/* Judge the windows of windows.bin (float32, one after the other, each input by input) and write their probabilities to probabilities.bin: files
 * of the machine that emulates, reached by semihosting. Prints how many instructions a window takes, by the system timer; with
 * qemu-system-arm -icount shift=0 an instruction takes one nanosecond. The macro CLASSIFY calls ff_classify with the parts of a window. */
#include <stdint.h>
#include <stdio.h>

#include "featherfall.h"

#define TICK_NS 40 /* the timer runs at 25 MHz on QEMU's mps2 boards */

static volatile uint32_t *const timer = (uint32_t *)0xE000E010; /* SysTick: control, reload, value */
static float window[FF_LENGTH * FF_CHANNELS];

int main(void) {
  FILE *in = fopen("windows.bin", "rb"), *out = fopen("probabilities.bin", "wb");
  uint64_t instructions = 0;
  unsigned count = 0;
  if (!in || !out) {
    puts("windows.bin: cannot be opened");
    return 1;
  }
  timer[1] = 0xFFFFFF;
  timer[0] = 5;
  while (fread(window, sizeof window, 1, in) == 1) {
    timer[2] = 0;
    CLASSIFY(window);
    instructions += (uint64_t)(0xFFFFFF - timer[2]) * TICK_NS;
    fwrite(ff_probabilities(), sizeof(float), FF_CLASSES, out);
    count++;
  }
  fclose(out);
  printf("%u %lu\n", count, (unsigned long)(count ? instructions / count : 0));
  return 0;
}
