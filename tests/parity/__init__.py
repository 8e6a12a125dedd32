"""The same marts on every engine: build on real servers and compare row by row.

- `run`: start the servers, build on every engine, compare (`make parity`)
- `compare`: the comparison, for builds that are already there
- `readers`: how each engine's relations are read, in one order and as one kind of value
"""
