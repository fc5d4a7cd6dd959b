"""What runs on the machines: standard library only, put there as it is.

`python3 -m agent.serve` on storage machines, `python3 -m agent.mounts`
on workers.
"""
