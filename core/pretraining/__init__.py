"""How the bundled language models were made: corpora → token rows → training → evaluation → export with a card."""
