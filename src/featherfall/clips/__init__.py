"""Clips: recordings cut into aligned, fixed-length, model-ready pieces; stored once, split by group."""
