"""The commands of `python -m core`, a file for each one or each few of a kind.

To add a command, write its file: a function that declares its arguments, one that does its work,
and a tuple `COMMANDS`. Then add that tuple to the one in `command_line.py`. What takes long to
import, torch above all, is imported in functions, so that each command starts as fast as it can.
"""
