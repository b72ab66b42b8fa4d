"""What a city's cameras need, phase by phase: cores, memory, disks, links, brokers, databases.

From what was measured (`figures.toml`: each number with the script that prints it) and from what
the city says of its streams and machines (PHASES.toml). Pure: nothing is looked up or timed here.
"""
