"""The app: pages in a browser on top of the runtime and the pipeline. It contains no signal processing."""
