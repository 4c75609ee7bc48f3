// For a PineTime (Cortex-M4, 64 kB of RAM, BMA421): a controller in the style of InfiniTime's, which is not part of this project. The
// accelerometer must be set to 50 Hz and 8 g, and read by its FIFO; feed every sample, and ask once a second whether somebody fell.
#pragma once
#include <stdint.h>

#include "featherfall.h"

namespace Pinetime {
  namespace Controllers {
    class FallController {
    public:
      // Take one sample of the BMA421: 12 bits at 8 g, 256 steps a g.
      void Update(int16_t x, int16_t y, int16_t z) {
        const float probability = ff_push(x / stepsPerG, y / stepsPerG, z / stepsPerG);
        if (probability >= FF_THRESHOLD) {
          fallen = true;
        }
      }

      // Return whether a fall was seen since the last call.
      bool TakeFall() {
        const bool was = fallen;
        fallen = false;
        return was;
      }

      // Call when the watch was off the wrist, or samples were lost.
      void Restart() {
        ff_reset();
        fallen = false;
      }

    private:
      static constexpr float stepsPerG = 256.0f;
      bool fallen = false;
    };
  }
}
