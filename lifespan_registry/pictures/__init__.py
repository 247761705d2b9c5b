"""Pictures of a plan and of a run, as texts: no Django, no file, nothing from outside.

`graph` is what is drawn; of the other modules, each draws it in one format.
"""
