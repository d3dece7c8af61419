# `monitor run` in a container: no rights, no shell needed; all that it writes is in /data (monitor.db, digests/, monitor.toml).
#
#   docker build -t media-monitor .
#   docker run --init -d --name monitor -v monitor:/data media-monitor
#
# There is no Chromium and no pg_dump in it: `monitor report` writes HTML, CSV and XLSX, and PostgreSQL is backed up on its server.

FROM python:3.13-slim-trixie AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY storage storage
COPY spiders spiders
COPY monitor monitor
RUN python -m venv /opt/media-monitor \
    && /opt/media-monitor/bin/pip install --no-cache-dir --no-compile --constraint constraints.txt ".[apprise]" \
    && /opt/media-monitor/bin/pip uninstall --yes pip \
    && find /opt/media-monitor/lib -type d \( -name test -o -name tests \) -prune -exec rm -rf {} + \
    && python -m compileall -q -j 0 /opt/media-monitor/lib

FROM python:3.13-slim-trixie
RUN groupadd --gid 10001 monitor \
    && useradd --no-log-init --uid 10001 --gid monitor --home-dir /data --no-create-home --shell /usr/sbin/nologin monitor \
    && install --directory --owner monitor --group monitor --mode 0750 /data
COPY --from=build /opt/media-monitor /opt/media-monitor
ENV PATH=/opt/media-monitor/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /data
VOLUME /data
USER 10001:10001
# Exit code 1 if crawls or digests do not come when they are due; the first crawl has its time.
HEALTHCHECK --interval=5m --timeout=30s --start-period=45m --retries=2 CMD ["monitor", "status", "--alive"]
ENTRYPOINT ["monitor"]
CMD ["run"]
