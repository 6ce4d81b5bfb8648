"""What methods share: prompts asked and trained, ensembles, demonstrations, checkpoints, saved
models.
"""
