"""Fuzzing of every function that takes something from outside: `doors` lists them, `worker` runs them, `guided` follows their coverage."""
