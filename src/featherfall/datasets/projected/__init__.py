"""Real and simulated 3-D skeletons as a camera's pose estimator would see them; `reader` makes the recordings.

`level` stands them upright, `lens` projects them, `estimator` errs as MoveNet does, `mishaps` brings what happens in rooms.
"""
