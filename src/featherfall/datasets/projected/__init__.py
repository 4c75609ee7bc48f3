"""Real and simulated 3-D skeletons as a camera's pose estimator would see them; `reader` makes the recordings.

`level` transforms them to room axes, `lens` projects them, `estimator` adds MoveNet's errors, `occlusion_noise` furniture and bystanders.
"""
