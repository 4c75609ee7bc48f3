@PUSH@ {
  const float sample[FF_CHANNELS] = {@SAMPLE@};
  return ff_push_sample(sample);
}

