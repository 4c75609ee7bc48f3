# Everything: simulator, readers, training, export, app. On CPU; for a GPU build with --build-arg TORCH=https://download.pytorch.org/whl/cu128
#   docker build -f docker/train.Dockerfile -t featherfall-train .
#   docker run --rm --shm-size 1g -v "$PWD:/data" featherfall-train distill simulated_wrist_falls --data /data/simulated --out /data/run
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
COPY . .
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.11-slim-bookworm
ARG TORCH=https://download.pytorch.org/whl/cpu
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    FEATHERFALL_WEIGHTS=/opt/weights GRADIO_TEMP_DIR=/tmp/gradio GRADIO_ANALYTICS_ENABLED=False ORT_DISABLE_TELEMETRY=1
RUN useradd --create-home --uid 1000 user
ADD --chmod=644 --checksum=sha256:cd7cc22fa946e5d146a7b98d496853e1923e22828d3972d579973f27f91bb105 \
    https://raw.githubusercontent.com/google-coral/test_data/master/movenet_single_pose_lightning_ptq.tflite \
    /opt/weights/movenet_single_pose_lightning_ptq.tflite
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels --mount=type=bind,source=constraints.txt,target=/constraints.txt \
    pip install --no-cache-dir --extra-index-url "$TORCH" --constraint /constraints.txt \
    "$(echo /wheels/featherfall-*.whl)[app,camera,publish,sim,train,vision]"
USER 1000
WORKDIR /data
EXPOSE 7860
HEALTHCHECK NONE
ENTRYPOINT ["featherfall"]
CMD ["--help"]
