"""The engine: it knows asyncio, and has never heard of Django or of ASGI.

Each room may look at those below it, never up:

- ``registry``: who exists, the decorator, and the one registry that everybody shares
- ``lifespan``: the handle that the decorator returns, and the typed key to the value
- ``running``: which runs are up, and in which event loop
- ``loop_thread``: a run in an event loop of its own, in a thread of its own
- ``run``: the lifespans of a registry from one start to one stop
- ``calls``: a coroutine that another thread has run on the loop of a run
- ``account``: what is to be said about a run, in reports and to who misses a value
- ``conductor``: who starts now, and who stops now
- ``log``: what is logged of a run, with extras for machines
- ``member``: one lifespan of one run, its one task from enter to exit
- ``telling``: who is told that a run starts, stops, or has lost a lifespan
- ``opening``, ``values``: what a member enters; what it has yielded
- ``graph``: makes a plan, or finds every reason why there is none
- ``threads``, ``variables``, ``watch``: the thread of a sync lifespan, context
  variables, waiting with a time limit
- ``report``, ``state``: what users look at
- ``plan``: what takes part in a run, and in which order
- ``failures``: how a failed start or stop is told where nobody can catch it
- ``definition``: what one lifespan is, judged at the decorator
"""
