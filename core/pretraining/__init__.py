"""Making small language models: corpora → token rows → training → evaluation → export."""
