"""Automatic search of label words and patterns.

See LM-BFF (arXiv 2012.15723), section 5, and PETAL (arXiv 2010.13641).
"""
