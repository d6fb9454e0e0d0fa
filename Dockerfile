# One image for both programs: `server` (the default) and `worker`.
# ffmpeg is Debian's own; the embedded WebAssembly build is left out.
FROM golang:1.26.8-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# The version that --version, /healthz and the metrics tell: docker build --build-arg VERSION=v1.2.3
ARG VERSION=
RUN CGO_ENABLED=0 go build -trimpath -tags noffmpeg -ldflags "-s -w -X reelroom/models/buildinfo.version=${VERSION}" \
      -o /out/ ./server ./worker ./server/harness

FROM debian:12.9-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends ffmpeg ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin reelroom \
 && install -d -o reelroom -g reelroom -m 0700 /data
COPY --from=build /out/server /out/worker /out/harness /usr/local/bin/
USER 10001:10001
ENV DATA_DIR=/data
VOLUME /data
EXPOSE 5000
# bash opens the connection itself, so that the image needs no HTTP client.
HEALTHCHECK --interval=10s --timeout=4s --start-period=20s --retries=3 \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/${PORT:-5000} && printf 'GET /readyz HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q ' 200 '"]
CMD ["server"]
