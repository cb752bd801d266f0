# Either process: the default is web; the worker is `docker run ... python worker.py`. All in one for a try:
# docker run -p 8000:8000 -v textor:/data -e TEXTOR_ENV=development IMAGE python -m textor.supervisor
FROM python:3.13-slim

# Pango draws PDF files; everything else comes as wheels.
RUN apt-get update \
    && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 textor \
    && install -d -o textor -g textor /data

WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir --require-hashes -r requirements.txt
COPY . .

USER textor
ENV PYTHONUNBUFFERED=1 TEXTOR_ENV=production HOST=0.0.0.0 PORT=8000 DATA_DIR=/data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["python", "scripts/healthcheck.py"]
CMD ["gunicorn", "wsgi:app"]
