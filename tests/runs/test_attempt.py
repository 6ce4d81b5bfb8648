"""What an attempt leaves behind: freed memory goes back to the system."""

import platform

import psutil
import pytest

from core.runs.attempt import give_back_memory


@pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="only glibc keeps freed memory and gives it back"
)
def test_freed_memory_is_given_back() -> None:
    process = psutil.Process()
    blocks = [bytearray(100_000) for _ in range(3000)]
    last = blocks[-1]  # at the end of the heap, so that it cannot shrink by itself
    del blocks
    kept = process.memory_info().rss
    give_back_memory()
    assert kept - process.memory_info().rss > 100e6
    assert len(last) == 100_000
