"""What a change of the project does to its metrics: definitions, policy, values, and the columns that readers use.

sides: what BASE and HEAD are; worker, builds: dbt, once for each; facts, compare, values: what differs; notes: what
CHANGELOG and decisions say of it; judge: what nobody has acknowledged; review, render, markdown: how it is said.
"""
