static int is_due(void) {
  if (--waiting > 0) return 0;
  waiting = @STRIDE@;
  start = newest + 1 < @RING@ ? newest + 1 : 0;
  return 1;
}
