"""The app: a page in the browser that asks the runtime and the pipeline. It knows nothing about sensing itself."""
