"""The app: read the settings, open the store, build the interface, launch it, start the workers.

Everything is imported inside functions, because a worker process imports this file too and needs
nothing of it.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import gradio as gr

    from core.settings import Settings

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # spinning threads starve other processes
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")

HERE = Path(__file__).resolve().parent
STYLES = sorted((HERE / "assets").glob("*.css"))


def main() -> None:
    """Start the app and serve until it is stopped."""
    gc.disable()  # what the start makes stays: looking for garbage takes a quarter of its time
    from core.errors import ClozeLabError
    from core.models.loading import BackboneCache
    from core.models.placement import Placement
    from core.runs.folder import DataFolder
    from core.runs.inline import InlineRuns
    from core.runs.workers import Workers
    from core.settings import Settings
    from ui.services import Services
    from ui.shell import build_app

    try:
        settings = Settings.from_environment(os.environ)
        folder = DataFolder(settings.data_folder, keep_models_gb=settings.keep_models_gb,
                            max_runs_per_visitor=settings.max_runs_per_visitor,
                            max_steps=settings.max_steps)
        placement = Placement.choose(settings.device, settings.precision)
    except ClozeLabError as error:
        sys.exit(f"cloze-lab: {error}")
    os.environ.setdefault("GRADIO_TEMP_DIR", str(settings.data_folder / "uploads"))
    backbones = BackboneCache(placement, settings.hub_models,
                              converted=settings.converted_models)
    inline = InlineRuns(folder.queue, backbones, settings) if settings.inline else None
    workers = inline or Workers(folder.queue, settings)
    services = Services(settings, backbones, folder.store, inline)
    app = build_app(services)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        _launch(app, settings)
        services.warm_up(patience=20)
        gc.freeze()
        gc.enable()
        workers.start()  # last: the imports of new processes would delay the page and first answer
        app.block_thread()
    finally:
        workers.stop()


def _launch(app: gr.Blocks, settings: Settings) -> None:
    """Serve the app from now on, without waiting for its end."""
    from core.runs.database import FILE_NAME
    from ui.languages import I18N
    from ui.shell import theme

    app.queue(default_concurrency_limit=8, max_size=256).launch(
        server_name=os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1"),
        server_port=int(os.environ.get("GRADIO_SERVER_PORT", "7860")),
        i18n=I18N, theme=theme(), css_paths=STYLES, ssr_mode=False, run_history=False,
        show_error=True, footer_links=["api", "settings"],
        max_file_size=settings.max_file_mb * 1_000_000,
        blocked_paths=[str(settings.data_folder / FILE_NAME)], prevent_thread_lock=True)


if __name__ == "__main__":
    main()
