"""Automatic search of label words and patterns (LM-BFF, arXiv 2012.15723, section 5; PETAL, arXiv 2010.13641)."""
