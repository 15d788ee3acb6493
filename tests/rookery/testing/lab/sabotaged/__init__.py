"""TinyChats that somebody has broken, each in a way of its own.

`whole` is what they are made of. Each is beside the others of its kind, as the cases are,
and says first which case has to notice it; `table` says by which words. Which of them is
noticed by which cases is measured by running this folder.
"""
