"""A student as C for microcontrollers: the graph is read from ONNX, and every step exists twice, in NumPy and in C, with the same bits."""
