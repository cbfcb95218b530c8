# One image for every process; the command says which: docker run ringahead worker
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
# Packages first: a change of our own code leaves these layers as they are.
COPY requirements.lock requirements-build.lock ./
RUN python -m venv /opt/build \
 && /opt/build/bin/pip install --require-hashes --only-binary :all: -r requirements-build.lock \
 && python -m venv /opt/ringahead \
 && /opt/ringahead/bin/pip install --require-hashes --only-binary :all: -r requirements.lock
COPY . .
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
 && /opt/ringahead/bin/pip install --no-deps --no-index /wheels/*.whl

FROM python:3.11-slim-bookworm
# A fixed number, so that volumes keep their owner from one image to the next.
RUN useradd --uid 10001 --no-create-home --home-dir /var/lib/ringahead --shell /usr/sbin/nologin ringahead \
 && install --directory --owner ringahead --group ringahead --mode 0750 /var/lib/ringahead
COPY --from=build /opt/ringahead /opt/ringahead
COPY LICENSE /usr/share/doc/ringahead/LICENSE
ENV PATH=/opt/ringahead/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    RINGAHEAD_DATA_DIR=/var/lib/ringahead
USER 10001
VOLUME /var/lib/ringahead
WORKDIR /var/lib/ringahead
EXPOSE 8080
ENTRYPOINT ["ringahead"]
CMD ["--help"]
