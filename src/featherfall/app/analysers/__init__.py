"""Analysis of one file by one model: one module for each kind of input, chosen by `dispatch.analyse_file`."""
