"""Real processes, faults at random moments, and somebody who watches the database all the time: see docs/queue.md.

    python -m tests.chaos --database sqlite --seconds 60 --seed 7

launch: Textor's own programs · provider: the emulated one · site: the processes · people: who uploads · sounds: what
strikes: what goes wrong · watch: the observer · rules: what may never happen · reckoning: what the end must show
sabotage: proof that it is seen
"""
