static unsigned char requantise(int32_t sum, int32_t multiplier, int shift) {
  if (sum <= 0) return 0;
  const int64_t steps = ((int64_t)sum * multiplier + ((int64_t)1 << (shift - 1))) >> shift;
  return (unsigned char)(steps < 255 ? steps : 255);
}

