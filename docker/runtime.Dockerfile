# The app and the command line, without torch:
#   docker build -f docker/runtime.Dockerfile -t featherfall .
#   docker run --rm --read-only --tmpfs /tmp -p 7860:7860 featherfall
#   docker run --rm -v "$PWD:/data" featherfall predict wrist my-watch.csv
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
COPY . .
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.11-slim-bookworm
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    FEATHERFALL_WEIGHTS=/opt/weights GRADIO_TEMP_DIR=/tmp/gradio GRADIO_ANALYTICS_ENABLED=False ORT_DISABLE_TELEMETRY=1 HF_HOME=/tmp/hf HF_HUB_OFFLINE=1
RUN useradd --create-home --uid 1000 user
# Finds people's joints in pictures (MoveNet, Apache-2.0).
ADD --chmod=644 --checksum=sha256:cd7cc22fa946e5d146a7b98d496853e1923e22828d3972d579973f27f91bb105 \
    https://raw.githubusercontent.com/google-coral/test_data/master/movenet_single_pose_lightning_ptq.tflite \
    /opt/weights/movenet_single_pose_lightning_ptq.tflite
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels --mount=type=bind,source=constraints.txt,target=/constraints.txt \
    pip install --no-cache-dir --constraint /constraints.txt "$(echo /wheels/featherfall-*.whl)[app,camera]"
USER 1000
WORKDIR /data
EXPOSE 7860
HEALTHCHECK --start-period=60s CMD ["python", "-c", "import http.client as h; c = h.HTTPConnection('127.0.0.1', 7860, timeout=5); c.request('GET', '/login'); exit(c.getresponse().status >= 500)"]
ENTRYPOINT ["featherfall"]
CMD ["app", "--host", "0.0.0.0", "--port", "7860"]
