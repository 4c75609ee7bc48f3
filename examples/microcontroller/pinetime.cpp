// Shows that the controller compiles and links: FallController.h is what goes into a firmware.
#include "FallController.h"

static Pinetime::Controllers::FallController fall;

// What the firmware's loop does with the FIFO of the BMA421, `count` samples of three numbers; returns whether somebody fell.
extern "C" bool feed(const int16_t *fifo, int count) {
  for (int i = 0; i < count; i++) {
    fall.Update(fifo[3 * i], fifo[3 * i + 1], fifo[3 * i + 2]);
  }
  return fall.TakeFall();
}
