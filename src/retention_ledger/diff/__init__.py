"""What a change of the project does to its metrics: definitions, policy, values, and the columns that readers use.

sides: what BASE and HEAD are; worker, builds: dbt, once for each; compare: what differs, as facts; notes: what
CHANGELOG and decisions say of it; judge: what nobody has acknowledged; render: Markdown and JSON.
"""
