"""The engine against known answers: for real tasks of real repositories, does the slice hold what the fix changed?

    python -m bench.quality            the measuring harness on all tasks: tables, and next to the best baseline
    python -m bench.quality loro       weights chosen without a repository, measured on it; for each repository
    python -m bench.quality ablation   every signal taken away in turn

All three need the folder of the measuring harness in $PARE_EVAL and nothing else. Scratch files go to $EVAL_WORK
(default: a folder in the system's temporary one).
"""
